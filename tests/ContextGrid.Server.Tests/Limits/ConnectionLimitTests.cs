using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using ContextGrid.Server.Limits;
using ContextGrid.TestKit.Grpc;

namespace ContextGrid.Server.Tests.Limits;

public sealed class ConnectionLimitTests : IDisposable
{
    private readonly CancellationTokenSource _end = new(TimeSpan.FromMinutes(1));

    public void Dispose() => _end.Dispose();

    [Fact]
    public async Task Grpc_OneConnectionTooMany_IsToldWhy()
    {
        await using LimitedServer server = await LimitedServer.StartAsync(new ServerLimits { ConnectionsMax = 10 });
        using var connections = new Connections();
        for (int i = 0; i < 10; i++)
        {
            RawHttp2 one = connections.Add(await RawHttp2.ConnectAsync(server.Grpc));
            await one.CallAsync(1, LimitedServer.GetContext, LimitedServer.Ask("u"));
            await one.ReadUntilAsync("grpc-status", _end.Token);
        }

        RawHttp2 refused = connections.Add(await RawHttp2.ConnectAsync(server.Grpc));
        (byte type, _, byte[] payload) = await refused.ReadAsync(_end.Token) ?? default;
        Assert.Equal(RawHttp2.GoAway, type);
        Assert.Equal(0xbu, BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4)));
        Assert.Contains("10 connections already", Encoding.ASCII.GetString(payload[8..]));
        Assert.Equal(1, server.Limit("connections").Refused);
    }

    [Fact]
    public async Task Grpc_PlacesAreHeldBySilentConnections_TheOldestGivesWay()
    {
        await using LimitedServer server = await LimitedServer.StartAsync(new ServerLimits { ConnectionsMax = 10 });
        using var connections = new Connections();
        RawHttp2 oldest = connections.Add(await RawHttp2.ConnectSilentAsync(server.Grpc));
        for (int i = 1; i < 10; i++)
        {
            connections.Add(await RawHttp2.ConnectSilentAsync(server.Grpc));
        }

        await server.UsedAsync("silent_connections", used => used == 10);
        RawHttp2 neighbour = connections.Add(await RawHttp2.ConnectAsync(server.Grpc));
        await neighbour.CallAsync(1, LimitedServer.GetContext, LimitedServer.Ask("u"));
        await neighbour.ReadUntilAsync("grpc-status", _end.Token);
        Assert.Null(await oldest.ReadAsync(_end.Token));
        Assert.Equal(0, server.Limit("connections").Refused);
        Assert.Equal(1, server.Limit("silent_connections").Refused);
    }

    [Fact]
    public async Task Http_OneConnectionTooMany_Is503WithAReason()
    {
        await using LimitedServer server = await LimitedServer.StartAsync(new ServerLimits { ConnectionsMax = 10 });
        using var connections = new Connections();
        for (int i = 0; i < 100; i++)
        {
            TcpClient one = connections.Add(new TcpClient("127.0.0.1", server.Http.Port));
            await one.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            await one.GetStream().ReadExactlyAsync(new byte[15]);
        }

        TcpClient refused = connections.Add(new TcpClient("127.0.0.1", server.Http.Port));
        using var reader = new StreamReader(refused.GetStream());
        string text = await reader.ReadToEndAsync(_end.Token);
        Assert.StartsWith("HTTP/1.1 503 ", text);
        Assert.Contains("Retry-After: 1", text);
        Assert.Contains("100 connections already", text);
    }

    [Fact]
    public async Task Grpc_ConnectionThatEnds_MakesRoom()
    {
        await using LimitedServer server = await LimitedServer.StartAsync(new ServerLimits { ConnectionsMax = 10 });
        for (int i = 0; i < 25; i++)
        {
            using RawHttp2 one = await RawHttp2.ConnectAsync(server.Grpc);
            await one.CallAsync(1, LimitedServer.GetContext, LimitedServer.Ask("u"));
            await one.ReadUntilAsync("grpc-status", _end.Token);
        }

        await server.UsedAsync("connections", used => used == 0);
        Assert.Equal(0, server.Limit("silent_connections").Used);
    }

    /// <summary>Closes all at the end.</summary>
    private sealed class Connections : IDisposable
    {
        private readonly List<IDisposable> _all = [];

        internal T Add<T>(T connection)
            where T : IDisposable
        {
            _all.Add(connection);
            return connection;
        }

        public void Dispose() => _all.ForEach(c => c.Dispose());
    }
}
