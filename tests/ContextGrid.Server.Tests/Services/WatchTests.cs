using System.Text;
using System.Threading.Channels;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Replay;
using ContextGrid.Server.Limits;
using ContextGrid.Server.Services;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Server.Tests.Services;

/// <summary>A watch on a grid whose marks come late, and whose entities are rebuilt while it runs.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private const string Yaml = """
        version: 1
        events:
          tick: {topic: ticks, fields: {user_id: string}}
        entities:
          user:
            from: {tick: user_id}
            features: {ticks: tick | count()}

        """;

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-watch-").FullName;
    private readonly CancellationTokenSource _ends = new(TimeSpan.FromMinutes(1));
    private readonly Sink _sink = new();
    private EmbeddedHost? _host;
    private ClusterLikeGrid? _grid;
    private Task _watch = Task.CompletedTask;

    private EmbeddedHost Host => _host ?? throw new InvalidOperationException();

    private ClusterLikeGrid Grid => _grid ?? throw new InvalidOperationException();

    public async ValueTask InitializeAsync()
    {
        DefinitionReadResult read = DefinitionFiles.Parse("test.yaml", Yaml);
        DefinitionSet set = read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors));
        _host = await EmbeddedHost.StartAsync(
            new EmbeddedHostOptions { Definitions = set, DataDirectory = Path.Combine(_root, "data"), Partitions = 1 },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);
        _grid = new ClusterLikeGrid(_host.Grid);
        var past = new PastReader(null!, _grid.Plans, _host.Progress); // Nobody asks about the past.
        var requests = new ContextRequests(_grid.Plans);
        var contexts = new ContextHandlers(
            requests, new ContextReader(_grid, past, _host.Progress, TimeProvider.System), _host.Metrics);
        var gates = new ServerGates(new ServerLimits(), _host.Metrics, TimeProvider.System);
        var request = new WatchContextRequest
        {
            Entities = { new EntityRef { Type = "user", Key = "a" }, new EntityRef { Type = "user", Key = "b" } },
        };
        _watch = new WatchHandler(requests, contexts, _grid, _host.Progress, gates, TimeProvider.System)
            .WatchAsync(request, _sink, _ends.Token).AsTask();
    }

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _watch);
        await Host.DisposeAsync();
        _ends.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Watch_MarksAreBehindThePositions_TheTokenClaimsWhatIsMarked()
    {
        SourceVector before = SourceVector.Of(Host.Progress);
        Grid.Marked = before;
        await NextAsync();
        await PublishAsync("a");
        (string[] keys, SourceVector token) = await NextAsync();
        Assert.Equal(["a"], keys);
        Assert.True(token.Matches(before));

        SourceVector after = SourceVector.Of(Host.Progress);
        Grid.Marked = after;
        await PublishAsync("b");
        (keys, token) = await NextAsync();
        Assert.Equal(["b"], keys);
        Assert.True(token.Matches(after));
        Assert.False(after.Matches(before));
    }

    [Fact]
    public async Task Watch_AnEntityIsRebuiltWhileItRuns_IsHeldBackUntilItIsWholeAndNothingIsClaimed()
    {
        (string[] keys, SourceVector token) = await NextAsync();
        Assert.Equal(["a", "b"], keys);
        Assert.True(token.Matches(SourceVector.Of(Host.Progress)));

        Grid.Rebuilding = "a";
        await PublishAsync("a");
        await PublishAsync("b");
        (keys, token) = await NextAsync();
        Assert.Equal(["b"], keys);
        Assert.True(token.Matches(SourceVector.Start));

        SourceVector marked = SourceVector.Of(Host.Progress);
        Grid.Marked = marked;
        Grid.Rebuilding = null;
        (keys, token) = await NextAsync();
        Assert.Equal(["a"], keys);
        Assert.True(token.Matches(marked));
    }

    private async Task<(string[] Keys, SourceVector Token)> NextAsync()
    {
        WatchContextResponse next = await _sink.Sent.Reader.ReadAsync(_ends.Token);
        return ([.. next.Context.Entities.Select(e => e.Key)], ResumeToken.Parse(next.ResumeToken).Seen);
    }

    // The event is applied and marked when it returns.
    private async Task PublishAsync(string user)
    {
        PublishItem item = new(Encoding.UTF8.GetBytes($$"""{"user_id":"{{user}}"}"""), default);
        PublishOutcome outcome = await Host.Publisher.PublishAsync("ticks", [item], false, _ends.Token);
        Assert.Equal(1, outcome.Accepted);
        await Host.Progress[0].WaitForAsync(outcome.Positions[0].Offset, _ends.Token);
    }

    /// <summary>Keeps what a watch sends.</summary>
    private sealed class Sink : IWatchSink
    {
        internal Channel<WatchContextResponse> Sent { get; } = Channel.CreateUnbounded<WatchContextResponse>();

        public ValueTask BeginAsync() => default;

        public ValueTask WriteAsync(WatchContextResponse response) => Sent.Writer.WriteAsync(response.Clone());
    }
}
