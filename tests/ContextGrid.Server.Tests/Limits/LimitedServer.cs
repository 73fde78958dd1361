using System.Buffers.Binary;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Server.Limits;
using ContextGrid.TestKit.Processes;
using Google.Protobuf;

namespace ContextGrid.Server.Tests.Limits;

/// <summary>A whole server in this process, with limits so low that a test reaches them.</summary>
internal sealed class LimitedServer : IAsyncDisposable
{
    internal const string GetContext = "/contextgrid.v1.ContextService/GetContext";
    internal const string WatchContext = "/contextgrid.v1.ContextService/WatchContext";
    internal const string Publish = "/contextgrid.v1.IngestService/Publish";
    internal const string PublishStream = "/contextgrid.v1.IngestService/PublishStream";

    private const string Yaml = """
        version: 1
        events:
          note:
            topic: notes
            key: user
            fields: {user: string, text: string}
        entities:
          user:
            from: {note: user}
            features:
              notes: note | count()
              texts: note | last_n(text, 100)
        """;

    private readonly TemporaryDirectory _data;
    private readonly GridServer _server;

    private LimitedServer(TemporaryDirectory data, GridServer server) => (_data, _server) = (data, server);

    internal Uri Grpc => new(_server.GrpcAddress);

    internal Uri Http => new(_server.HttpAddress);

    internal GridServer Server => _server;

    internal static async Task<LimitedServer> StartAsync(ServerLimits limits, TimeProvider? time = null)
    {
        DefinitionReadResult read = DefinitionFiles.Parse("test.yaml", Yaml);
        DefinitionSet set = read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors));
        var data = new TemporaryDirectory();
        var options = new ServerOptions(
            "", data.Path, 0, 0, false, 1, 1, false, 1, TimeSpan.FromSeconds(60), TimeSpan.Zero) { Limits = limits };
        return new LimitedServer(data, await GridServer.StartAsync(options, set, time ?? TimeProvider.System));
    }

    internal Limit Limit(string name) => _server.Host.Metrics.Limits.First(l => l.Name == name);

    /// <summary>Waits until a limit is used as much as said; fails after a while.</summary>
    internal async Task UsedAsync(string name, Func<long, bool> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (int look = 0; look < 3_000 && !holds(Limit(name).Used); look++)
        {
            await timer.WaitForNextTickAsync();
        }

        Assert.True(holds(Limit(name).Used), $"{name} is {Limit(name).Used}");
    }

    internal static byte[] Frame(IMessage message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }

    internal static byte[] Ask(params string[] users)
    {
        var request = new GetContextRequest();
        request.Entities.AddRange(users.Select(u => new EntityRef { Type = "user", Key = u }));
        return Frame(request);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _data.Dispose();
    }
}
