using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Tests.Embedded.Log;
using ContextGrid.Runtime.Tests.Ingestion;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Runtime.Tests.Topology;

/// <summary>Shards that catch up, while others of the process are further.</summary>
public sealed class BehindReadersTests : IDisposable
{
    private const int Shards = 4;
    private const int Records = 5;
    private const int Openings = 4_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly LogFixture _fixture = new();
    private readonly GridMetrics _metrics = new();

    public void Dispose()
    {
        _metrics.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task Run_ShardOpensAtAnyMomentOfAnothersCatchUp_IsNotForgotten()
    {
        await using FileEventLog log = _fixture.Open(_fixture.Options with
        {
            Topics = new Dictionary<string, int> { [TestRecords.Partition.Topic] = 1 },
        });
        await AppendAsync(log);
        var positions = new ShardPositions([Progress()], Shards, isOnlyReader: false);
        var engine = new ShardEngine(TestRecords.Definitions, _metrics, null, 0, positions);
        await engine.CompleteAsync(
            TestRecords.Partition, new Delivered(0, Records, Records, 0, TestRecords.NowMs, null),
            CancellationToken.None);
        var readers = new BehindReaders(engine, (reading, target) => new PartitionIngestor(
            log, target, new NoSink(), new EventBatch(TestRecords.Definitions, 0, TestRecords.Partition), reading,
            _metrics, TimeProvider.System, NullLogger.Instance));
        using var stop = new CancellationTokenSource();
        Task running = readers.RunAsync(stop.Token);
        var random = new Random(1);
        for (int i = 0; i < Openings; i++)
        {
            ShardSet shard = default(ShardSet).With(i % Shards);
            engine.OpenShards(shard, [Progress()], atStart: false);
            await RequireInStepAsync(positions, i % Shards);
            engine.CloseShards(shard);
            Thread.SpinWait(random.Next(20_000)); // The catch-up of this one ends meanwhile, sooner or later.
        }

        await stop.CancelAsync();
        await running;
    }

    private static async Task RequireInStepAsync(ShardPositions positions, int shard)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (positions.OwnOf(shard, 0) != positions.InStep(0))
        {
            Assert.False(limit.IsCancellationRequested, "The shard is behind, and nobody reads for it.");
            await Task.Yield();
        }
    }

    private static PartitionProgress Progress() => new(TestRecords.Partition, Position.SourceOf(0, 0), 0, []);

    private static async Task AppendAsync(FileEventLog log)
    {
        LogRecord[] records =
        [
            .. Enumerable.Range(0, Records).Select(i => new LogRecord(
                0, TestRecords.NowMs, Encoding.UTF8.GetBytes($"u{i}"),
                Encoding.UTF8.GetBytes(TestRecords.Payment($"p{i}", $"u{i}", 1)), default)),
        ];
        await log.AppendAsync(
            TestRecords.Partition.Topic, records, new RecordPosition[Records], CancellationToken.None);
    }

    private sealed class NoSink : IDeadLetterSink
    {
        public ValueTask<RecordPosition> WriteAsync(DeadLetter letter, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("All records are good.");
    }
}
