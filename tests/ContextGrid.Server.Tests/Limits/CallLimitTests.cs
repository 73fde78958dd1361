using ContextGrid.Contracts.V1;
using ContextGrid.Server.Limits;
using ContextGrid.TestKit.Grpc;

namespace ContextGrid.Server.Tests.Limits;

public sealed class CallLimitTests : IDisposable
{
    private readonly CancellationTokenSource _end = new(TimeSpan.FromMinutes(1));

    public void Dispose() => _end.Dispose();

    [Fact]
    public async Task Calls_ThatNeverSend_AreBoundedAndTheNextIsRefused()
    {
        await using LimitedServer server = await LimitedServer.StartAsync(new ServerLimits { CallsMax = 10 });
        using RawHttp2 idle = await RawHttp2.ConnectAsync(server.Grpc);
        for (int i = 0; i < 10; i++)
        {
            await idle.CallAsync(1 + (2 * i), LimitedServer.GetContext, null);
        }

        await server.UsedAsync("calls", used => used == 10);
        using RawHttp2 next = await RawHttp2.ConnectAsync(server.Grpc);
        await next.CallAsync(1, LimitedServer.GetContext, LimitedServer.Ask("u"));
        string refused = await next.ReadUntilAsync("grpc-status", _end.Token);
        Assert.Contains("limit 'calls' of 10 is reached", refused);
        Assert.Equal(1, server.Limit("calls").Refused);

        await idle.ResetAsync(1);
        await server.UsedAsync("calls", used => used == 9);
        await next.CallAsync(3, LimitedServer.GetContext, LimitedServer.Ask("u"));
        await next.ReadUntilAsync("grpc-status", _end.Token);
        Assert.Equal(1, server.Limit("calls").Refused);
    }

    [Fact]
    public async Task Calls_WhoseLargeAnswersNobodyReads_CountUntilTheyHaveLeft()
    {
        await using LimitedServer server = await LimitedServer.StartAsync(new ServerLimits { CallsMax = 10 });
        byte[] large = LimitedServer.Ask([.. Enumerable.Range(0, 200).Select(i => $"user-{i}")]);
        using RawHttp2 deaf = await RawHttp2.ConnectAsync(server.Grpc, window: 0);
        for (int i = 0; i < 10; i++)
        {
            await deaf.CallAsync(1 + (2 * i), LimitedServer.GetContext, large);
        }

        await server.UsedAsync("calls", used => used == 10);
        await server.UsedAsync("response_bytes", used => used >= 10 * 4096);
        await deaf.CallAsync(21, LimitedServer.GetContext, LimitedServer.Ask("u"));
        Assert.Contains("limit 'calls'", await deaf.ReadUntilAsync("grpc-status", _end.Token));
        for (int i = 0; i < 10; i++)
        {
            await deaf.WidenAsync(1 + (2 * i), 65_535);
        }

        await deaf.WidenAsync(0, 1 << 20);
        await server.UsedAsync("calls", used => used == 0);
        Assert.Equal(0, server.Limit("response_bytes").Used);
    }

    [Fact]
    public async Task Streams_OneTooMany_IsRefused()
    {
        await using LimitedServer server = await LimitedServer.StartAsync(new ServerLimits { StreamsMax = 2 });
        using RawHttp2 client = await RawHttp2.ConnectAsync(server.Grpc);
        await client.CallAsync(1, LimitedServer.PublishStream, null);
        await client.CallAsync(3, LimitedServer.PublishStream, null);
        await server.UsedAsync("streams", used => used == 2);
        await client.CallAsync(5, LimitedServer.PublishStream, null);
        Assert.Contains("limit 'streams' of 2", await client.ReadUntilAsync("grpc-status", _end.Token));
    }

    [Fact]
    public async Task Watches_OneTooMany_IsRefusedAndAnEndedOneMakesRoom()
    {
        await using LimitedServer server = await LimitedServer.StartAsync(
            new ServerLimits { WatchesMax = 1, WatchedEntitiesMax = 3 });
        using RawHttp2 client = await RawHttp2.ConnectAsync(server.Grpc);
        await client.CallAsync(1, LimitedServer.WatchContext, Watch("a", "b"));
        await server.UsedAsync("watched_entities", used => used == 2);
        await client.CallAsync(3, LimitedServer.WatchContext, Watch("a"));
        Assert.Contains("limit 'watches' of 1", await client.ReadUntilAsync("grpc-status", _end.Token));

        await client.ResetAsync(1);
        await server.UsedAsync("watches", used => used == 0);
        Assert.Equal(0, server.Limit("watched_entities").Used);
        await client.CallAsync(5, LimitedServer.WatchContext, Watch("a", "b", "c", "d"));
        Assert.Contains("limit 'watched_entities' of 3", await client.ReadUntilAsync("grpc-status", _end.Token));
        Assert.Equal(0, server.Limit("watches").Used);
    }

    private static byte[] Watch(params string[] users)
    {
        var request = new WatchContextRequest();
        request.Entities.AddRange(users.Select(u => new EntityRef { Type = "user", Key = u }));
        return LimitedServer.Frame(request);
    }
}
