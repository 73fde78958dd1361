using System.Text;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Replay;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Tests.Demo;
using Microsoft.Extensions.Logging.Abstractions;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Ingestion;

public sealed class PartitionIngestorTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly GridMetrics _metrics = new();
    private readonly ScriptedLog _log = new();
    private readonly HeldSink _sink = new();
    private readonly ManualTime _time = new(NowMs);
    private readonly CancellationTokenSource _stop = new();
    private readonly PartitionProgress _progress = new(Partition, 0, 0, []) { RecoverTo = 2 };
    private readonly ShardEngine _grid;
    private readonly PartitionIngestor _ingestor;
    private Task _running = Task.CompletedTask;

    public PartitionIngestorTests()
    {
        _grid = new ShardEngine(Definitions, _metrics, [_progress], _time);
        var events = new EventBatch(Definitions, 0, Partition);
        _ingestor = new PartitionIngestor(
            _log, _grid, _sink, events, _progress, _metrics, _time, NullLogger.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(Limit);
        _stop.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task Run_LogIsCorrupt_StopsThereAndTheLagGoesOnGrowing()
    {
        _log.End = 5;
        _log.ThenRead(Batch(0, NowMs, Payment("a", "u1", 1)));
        _log.ThenFail(EventLogError.Corrupt, "The bytes are damaged.");
        _running = _ingestor.RunAsync(_stop.Token);
        Assert.Contains("Stopped at offset 1: The bytes are damaged.", _ingestor.Fault, StringComparison.Ordinal);
        Assert.Equal(4, _progress.Lag);

        _log.End = 9;
        using var limit = new CancellationTokenSource(Limit);
        while (_progress.Lag != 8)
        {
            limit.Token.ThrowIfCancellationRequested();
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.InRange(_progress.LagMs(NowMs + 3_600_000), 1, 3_600_000);
        Assert.Equal(1, _progress.Next);
    }

    [Fact]
    public async Task Run_DeadLetterIsNotDurable_PositionDoesNotPassIt()
    {
        _log.End = 2;
        _log.ThenRead(Batch(0, NowMs, Payment("a", "u1", 1), "poison"));
        _running = _ingestor.RunAsync(_stop.Token);
        Assert.Equal((0, 2), (_progress.Next, _progress.Lag));
        _sink.Release();
        await _progress.WaitForAsync(1, _stop.Token).AsTask().WaitAsync(Limit);
        Assert.Equal((2, 0), (_progress.Next, _progress.Lag));
        Assert.Equal((1, "invalid_json"), (Assert.Single(_sink.Letters).Offset, _sink.Letters[0].Reason));
    }

    [Fact]
    public async Task Run_DeadLettersAreBusy_TheBatchIsJudgedOnce()
    {
        _log.End = 2;
        _log.ThenRead(Batch(0, NowMs, Payment("a", "u1", 1), Payment("a", "u1", 2)));
        _sink.Failures = 2;
        _sink.Release();
        _running = _ingestor.RunAsync(_stop.Token);
        Assert.Equal("Too much waits.", _ingestor.Fault);
        using var limit = new CancellationTokenSource(Limit);
        while (_progress.Next != 2)
        {
            limit.Token.ThrowIfCancellationRequested();
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal((1, "id_conflict"), (Assert.Single(_sink.Letters).Offset, _sink.Letters[0].Reason));
        Assert.Equal(1, _log.Opened);
    }

    [Fact]
    public async Task Run_ReaderKnowsAnOlderEnd_WhatWaitsKeepsItsAge()
    {
        _log.End = 1;
        _progress.SeeEnd(3, NowMs - 60_000);
        _log.ThenRead(Batch(0, NowMs - 60_000, Payment("a", "u1", 1)));
        _sink.Release();
        _running = _ingestor.RunAsync(_stop.Token);
        await _progress.WaitForAsync(0, _stop.Token).AsTask().WaitAsync(Limit);
        Assert.Equal((1, 2), (_progress.Next, _progress.Lag));
        Assert.Equal(60_000, _progress.LagMs(NowMs));
    }

    [Fact]
    public async Task Read_BeforeTheStateIsBack_IsRebuildingAndThenPresent()
    {
        _log.End = 2;
        _log.ThenRead(Batch(0, NowMs, Payment("a", "u1", 1), "poison"));
        _progress.SeeEnd(2, NowMs - 1000);
        using var past = new PastReader(_log, _grid.Plans, [_progress]);
        var reader = new ContextReader(_grid, past, [_progress], _time);
        Assert.Equal(FeatureStatus.Rebuilding, await StatusAsync(reader));
        _running = _ingestor.RunAsync(_stop.Token);
        Assert.Equal(FeatureStatus.Rebuilding, await StatusAsync(reader));
        _sink.Release();
        await _progress.WaitForAsync(1, _stop.Token).AsTask().WaitAsync(Limit);
        Assert.Equal(FeatureStatus.Present, await StatusAsync(reader));
    }

    private async Task<FeatureStatus> StatusAsync(ContextReader reader)
    {
        var query = new ContextQuery();
        query.Selections.Add(FeatureSelection.All(_grid.Plans[0]));
        query.Add(0, Encoding.UTF8.GetBytes("u1"));
        var answer = new ContextAnswer();
        await reader.ReadAsync(query, answer, CancellationToken.None);
        return answer.Statuses(0)[0];
    }

    /// <summary>Dead letters become durable when the test says so.</summary>
    private sealed class HeldSink : IDeadLetterSink
    {
        private readonly TaskCompletionSource _durable = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal List<DeadLetter> Letters { get; } = [];

        internal int Failures { get; set; }

        public async ValueTask<RecordPosition> WriteAsync(DeadLetter letter, CancellationToken cancellationToken)
        {
            if (Failures-- > 0)
            {
                throw new EventLogException(EventLogError.Busy, "Too much waits.");
            }

            Letters.Add(letter);
            await _durable.Task.WaitAsync(cancellationToken);
            return new RecordPosition(0, Letters.Count - 1);
        }

        internal void Release() => _durable.TrySetResult();
    }
}
