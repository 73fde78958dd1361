using System.Globalization;
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
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Server.Tests.Services;

/// <summary>
/// What time alone changes is told by a watch, at that moment and once. Time passes from one timer of the watch to the
/// next; the grid itself runs on the machine's clock.
/// </summary>
public sealed class WatchTimeTests : IAsyncLifetime
{
    private const long T0 = 1_700_000_000_000;

    private const string Yaml = """
        version: 1
        events:
          beat:
            topic: beats
            timestamp: ts
            fields: {ts: timestamp, dev: string, v: int64}
        entities:
          dev:
            from: {beat: dev}
            ttl: 6s
            features:
              alive: beat | count() over 4s exact
          box:
            from: {beat: dev}
            features:
              top:    beat | max(v) over 1m resolution 10s
              silent: beat | since_last()
              idle:   silent > 5
              twice:  top * 2

        """;

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-watch-").FullName;
    private readonly CancellationTokenSource _ends = new(TimeSpan.FromMinutes(1));
    private readonly ArmedTime _time = new(DateTimeOffset.FromUnixTimeMilliseconds(T0));
    private readonly List<Task> _watches = [];
    private EmbeddedHost? _host;
    private long? _dueMs;

    private EmbeddedHost Host => _host ?? throw new InvalidOperationException();

    public async ValueTask InitializeAsync()
    {
        DefinitionReadResult read = DefinitionFiles.Parse("test.yaml", Yaml);
        DefinitionSet set = read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors));
        _host = await EmbeddedHost.StartAsync(
            new EmbeddedHostOptions { Definitions = set, DataDirectory = Path.Combine(_root, "data"), Partitions = 1 },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        foreach (Task watch in _watches)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
        }

        await Host.DisposeAsync();
        _ends.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Watch_WindowAndTtlPass_TellsBoth()
    {
        await PublishAsync("d1", T0 - 500, 1);
        ChannelReader<WatchContextResponse> sent = Watch("dev", ["d1"]);
        Assert.Equal($"d1@{T0}: 1 Present", Text(await sent.ReadAsync(_ends.Token)));
        await PassAsync(T0 + 3_499);
        Assert.False(sent.TryRead(out _));
        await PassAsync(T0 + 3_500);
        Assert.Equal($"d1@{T0 + 3_500}: 0 Expired", Text(await sent.ReadAsync(_ends.Token)));
        await PassAsync(T0 + 5_501);
        Assert.Equal($"d1@{T0 + 5_501}: - Expired", Text(await sent.ReadAsync(_ends.Token)));
    }

    [Fact]
    public async Task Watch_TimeThatChangesNoValue_SendsNothing()
    {
        await PublishAsync("d1", T0 - 20_000, 7);
        await PublishAsync("d1", T0 - 5_000, 7);
        ChannelReader<WatchContextResponse> sent = Watch("box", ["d1", "never"], "top", "twice");
        Assert.Equal(
            $"d1@{T0}: 7 Present 14 Present; never@{T0}: - NeverSeen - NeverSeen",
            Text(await sent.ReadAsync(_ends.Token)));

        // The tile of the first event leaves, and the greatest value stays.
        await PassAsync(T0 + 59_998);
        Assert.False(sent.TryRead(out _));
        await PassAsync(T0 + 59_999);
        Assert.Equal($"d1@{T0 + 59_999}: - Expired - Expired", Text(await sent.ReadAsync(_ends.Token)));
    }

    [Fact]
    public async Task Watch_ConditionOverSinceLast_IsToldOnceAndRunningNumbersAreNot()
    {
        await PublishAsync("d1", T0 - 500, 7);
        ChannelReader<WatchContextResponse> sent = Watch("box", ["d1"], "silent", "idle");
        Assert.Equal($"d1@{T0}: 0.5 Present False Present", Text(await sent.ReadAsync(_ends.Token)));
        await PassAsync(T0 + 4_999);
        Assert.False(sent.TryRead(out _));
        await PassAsync(T0 + 7_000);
        Assert.Equal($"d1@{T0 + 5_000}: 5.5 Present True Present", Text(await sent.ReadAsync(_ends.Token)));
        Assert.False(sent.TryRead(out _));
    }

    [Fact]
    public async Task Watch_ResumedBeforeAndAfterTimeChangedAValue_SendsWhatTheClientLacks()
    {
        await PublishAsync("d1", T0 - 500, 1);
        WatchContextResponse first = await Watch("dev", ["d1", "d2"]).ReadAsync(_ends.Token);
        await PublishAsync("d2", T0, 1);
        ChannelReader<WatchContextResponse> early = Watch("dev", ["d1", "d2"], first.ResumeToken);
        Assert.Equal($"d2@{T0}: 1 Present", Text(await early.ReadAsync(_ends.Token)));

        _time.Advance(TimeSpan.FromSeconds(3.7));
        ChannelReader<WatchContextResponse> late = Watch("dev", ["d1", "d2"], first.ResumeToken);
        Assert.Equal(
            $"d1@{T0 + 3_700}: 0 Expired; d2@{T0 + 3_700}: 1 Present", Text(await late.ReadAsync(_ends.Token)));
    }

    private static string Text(WatchContextResponse message) => string.Join("; ", message.Context.Entities.Select(
        e => $"{e.Key}@{e.HeadMs}: " + string.Join(' ', e.Values.Zip(e.Statuses).Select(
            v => $"{Text(v.First)} {v.Second}"))));

    private static string Text(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.Int64Value => value.Int64Value.ToString(CultureInfo.InvariantCulture),
        Value.KindOneofCase.DoubleValue => value.DoubleValue.ToString(CultureInfo.InvariantCulture),
        Value.KindOneofCase.BoolValue => value.BoolValue.ToString(),
        _ => "-",
    };

    /// <summary>Lets time pass up to a moment, from one timer of the watch to the next.</summary>
    private async Task PassAsync(long untilMs)
    {
        while (true)
        {
            _dueMs ??= await _time.Armed.ReadAsync(_ends.Token);
            if (_dueMs > untilMs)
            {
                _time.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(untilMs));
                return;
            }

            long dueMs = Math.Max(_dueMs.Value, _time.GetUtcNow().ToUnixTimeMilliseconds());
            _dueMs = null;
            _time.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(dueMs));
            if (dueMs == untilMs)
            {
                return;
            }
        }
    }

    private ChannelReader<WatchContextResponse> Watch(string type, string[] keys, params string[] features) =>
        Watch(type, keys, ByteString.Empty, features);

    private ChannelReader<WatchContextResponse> Watch(
        string type, string[] keys, ByteString token, params string[] features)
    {
        var past = new PastReader(null!, Host.Grid.Plans, Host.Progress); // Nobody asks about the past.
        var requests = new ContextRequests(Host.Grid.Plans);
        var reader = new ContextReader(Host.Grid, past, Host.Progress, _time);
        var handler = new WatchHandler(
            requests,
            new ContextHandlers(requests, reader, Host.Metrics),
            Host.Grid,
            Host.Progress,
            new ServerGates(new ServerLimits(), Host.Metrics, TimeProvider.System),
            _time);
        var sink = new Sink();
        var request = new WatchContextRequest { ResumeToken = token };
        request.Entities.AddRange(keys.Select(k => new EntityRef { Type = type, Key = k }));
        request.Features.AddRange(features);
        _watches.Add(handler.WatchAsync(request, sink, _ends.Token).AsTask());
        return sink.Sent.Reader;
    }

    // The event is applied when it returns.
    private async Task PublishAsync(string device, long timeMs, int value)
    {
        string json = string.Create(
            CultureInfo.InvariantCulture, $$"""{"dev":"{{device}}","ts":{{timeMs}},"v":{{value}}}""");
        PublishItem item = new(Encoding.UTF8.GetBytes(json), default);
        PublishOutcome outcome = await Host.Publisher.PublishAsync("beats", [item], false, _ends.Token);
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
