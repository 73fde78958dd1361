using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Tests.Demo;
using Microsoft.Extensions.Logging.Abstractions;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Ingestion;

/// <summary>A log does not hold what a partition has applied of it: up to offset 2, and the last is marked.</summary>
public sealed class ReplacedLogTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly OffsetGap Gap = new(0, 2);

    // Without producers' ids, for which the log before the position would be read.
    private static readonly DefinitionSet Plain = DefinitionFiles.Parse("test.yaml", """
        version: 1
        events:
          payment: {topic: payments, fields: {user_id: string, items: int64}}
        entities:
          user: {from: {payment: user_id}, features: {items: payment | sum(items)}}

        """).Set ?? throw new InvalidOperationException("The definitions are wrong.");

    private readonly GridMetrics _metrics = new();
    private readonly ScriptedLog _log = new();
    private readonly ManualTime _time = new(NowMs);
    private readonly CancellationTokenSource _stop = new();
    private readonly PartitionProgress _progress = new(Partition, 0, 3, [])
    {
        Mark = RecordMark.Of(Batch(2, NowMs, Payment("c", "u1", 3)), 0),
    };

    private readonly PartitionIngestor _ingestor;
    private Task _running = Task.CompletedTask;

    public ReplacedLogTests() => _ingestor = new PartitionIngestor(
        _log, new ShardEngine(Plain, _metrics), new NoSink(), new EventBatch(Plain, 0, Partition), _progress, _metrics,
        _time, NullLogger.Instance);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(Limit);
        _stop.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public void Run_LogIsShorter_StopsWithADeclaredGap()
    {
        _log.End = 2;
        _running = _ingestor.RunAsync(_stop.Token);
        Assert.Contains("ends at offset 2, and 2 is applied", _ingestor.Fault, StringComparison.Ordinal);
        Assert.Equal((3, Gap), (_progress.Next, Assert.Single(_progress.Gaps)));
        Assert.NotNull(_progress.Mark);
    }

    [Fact]
    public void Run_AnotherRecordStandsWhereTheLastWas_StopsWithADeclaredGap()
    {
        _log.End = 9;
        _log.ThenRead(Batch(2, NowMs, Payment("c", "u1", 4)));
        _running = _ingestor.RunAsync(_stop.Token);
        Assert.Contains("the record at offset 2 is another one", _ingestor.Fault, StringComparison.Ordinal);
        Assert.Equal((3, Gap), (_progress.Next, Assert.Single(_progress.Gaps)));
    }

    [Theory]
    [InlineData(0)] // The same record.
    [InlineData(1)] // Compaction has taken it.
    public async Task Run_LogIsTheSameAsFarAsCanBeTold_GoesOnWithoutAGap(int later)
    {
        _log.End = 4;
        _log.ThenRead(Batch(2 + later, NowMs, Payment("c", "u1", 3)));
        _log.ThenRead(Batch(3, NowMs, Payment("d", "u1", 4)));
        _running = _ingestor.RunAsync(_stop.Token);
        await _progress.WaitForAsync(3, _stop.Token).AsTask().WaitAsync(Limit);
        Assert.Empty(_progress.Gaps);
        Assert.Equal(RecordMark.Of(Batch(3, NowMs, Payment("d", "u1", 4)), 0), _progress.Mark);
    }

    [Fact]
    public async Task Run_LogIsShorterAndMayBeGoneOnWith_WaitsForThePositionBehindADeclaredGap()
    {
        (_log.End, _log.GoesOn) = (1, true);
        _log.ThenRead(Batch(3, NowMs, Payment("d", "u1", 4)));
        _running = _ingestor.RunAsync(_stop.Token);
        Assert.Equal((3, Gap), (_progress.Next, Assert.Single(_progress.Gaps)));
        Assert.Equal(0, _log.Opened);
        _log.End = 4;
        _time.Advance(TimeSpan.FromSeconds(1));
        await _progress.WaitForAsync(3, _stop.Token).AsTask().WaitAsync(Limit);
        Assert.Null(_ingestor.Fault);
        Assert.Equal(Gap, Assert.Single(_progress.Gaps));
        Assert.Equal(3, _progress.Mark?.Offset);
    }

    [Fact]
    public void Of_Counters_HasTheMarksAndNothingElse()
    {
        var marks = new Dictionary<TopicPartition, RecordMark>
        {
            [new TopicPartition("a.b-c_1", 12)] = new(long.MaxValue, uint.MaxValue),
            [new TopicPartition("a.b-c_1", 3)] = new(0, 0),
        };
        Assert.Equal(marks, RecordMark.Of(
        [
            .. marks.Select(m => KeyValuePair.Create(m.Value.CounterOf(m.Key), (long)m.Value.Crc)),
            new("entities.user", 7), new("last_record.", 1), new("last_record.x@1/2", 1), new("last_record.x/y@z", 1),
        ]));
    }

    private sealed class NoSink : IDeadLetterSink
    {
        public ValueTask<RecordPosition> WriteAsync(DeadLetter letter, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("Nothing is a dead letter.");
    }
}
