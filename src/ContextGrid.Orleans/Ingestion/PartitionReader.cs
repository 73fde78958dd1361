using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Orleans.Entities;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>
/// Reads one partition on this silo, as long as it is this silo's: takes a new epoch, begins at the commit position,
/// and commits again and again what all entities have made durable. When an entity has lost events, or somebody else
/// has taken the partition, it begins anew.
/// </summary>
internal sealed partial class PartitionReader
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(20);

    private readonly IngestionParts _parts;
    private readonly TopicPartition _partition;
    private readonly IPartitionGrain _grain;
    private readonly ILogger _logger;
    private volatile PartitionCommits? _commits;
    private string? _fault;

    internal PartitionReader(IngestionParts parts, TopicPartition partition)
    {
        (_parts, _partition, _logger) = (parts, partition, parts.Logger);
        _grain = parts.GrainOf(partition);
    }

    /// <summary>A silo is gone, and with it what entities had in memory there.</summary>
    internal void Doubt() => _commits?.Doubt();

    /// <summary>Reads until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The loop's edge: whatever it is, what is durable is where it begins again.
                _fault = SiloFaults.Sentence(e);
                LogFailed(SiloFaults.ForLog(e), _partition.Topic, _partition.Partition, _fault);
            }

            await Task.WhenAny(Task.Delay(Pause, _parts.Time, cancellationToken));
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        PartitionState state = await _grain.AcquireAsync();
        PartitionProgress progress = await BeginAsync(state, cancellationToken);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var uncommitted = new UncommittedEntities();
        var delivery = new RewindingTarget(new EntityDelivery(_parts.Grid, _parts.Grains, uncommitted), ends);
        PartitionIngestor ingestor = _parts.IngestorOf(progress, delivery);
        var commits = new PartitionCommits(_grain, _parts, progress, uncommitted, state);
        _commits = commits;
        Task reports = ReportAsync(state.Epoch, progress, ingestor, commits, ends.Token);
        Task commit = commits.RunAsync(ends);
        await ingestor.RunAsync(ends.Token);
        await commit;
        await reports;
        if (cancellationToken.IsCancellationRequested)
        {
            await (_parts.Grid.IsCrashed ? default : commits.CommitAsync());
            return;
        }

        _fault = delivery.Why ?? commits.Why;
        LogBeginsAnew(_partition.Topic, _partition.Partition, _fault ?? "");
    }

    private async ValueTask<PartitionProgress> BeginAsync(PartitionState state, CancellationToken cancellationToken)
    {
        int source = Position.SourceOf(
            _parts.Grid.Definitions.Topics.IndexOf(_partition.Topic), _partition.Partition);
        await FindStartAsync(state, cancellationToken);
        LogRange range = await _parts.Log.GetRangeAsync(_partition, cancellationToken);
        var progress = new PartitionProgress(_partition, source, state.Next, [.. GapPairs.Read(state.Gaps)])
        {
            RecoverTo = range.End,
            StartOffset = state.Start,
            Mark = state.Mark.Length == 2 ? new RecordMark(state.Mark[0], (uint)state.Mark[1]) : null,
        };
        long sinceMs = await _parts.Log.WaitingSinceAsync(
            _partition, state.Next, range.End, _parts.Time, cancellationToken);
        progress.SeeEnd(range.End, sinceMs);
        progress.Verify(_parts.NowMs);
        return progress;
    }

    // Where new state begins is committed first, so that no other reader begins elsewhere.
    private async ValueTask FindStartAsync(PartitionState state, CancellationToken cancellationToken)
    {
        DefinitionSet definitions = _parts.Grid.Definitions;
        EventDefinition definition = definitions.Events[definitions.EventOf(_partition.Topic)];
        if (state.Next > 0 || definition.Start == EventStart.Earliest)
        {
            return;
        }

        state.Next = state.Start = await LogStart.FindAsync(_parts.Log, definition, _partition, cancellationToken);
        if (!await _grain.CommitAsync(state))
        {
            throw new EventLogException(EventLogError.Busy, "Another silo has taken the partition.");
        }

        LogStarts(_partition.Topic, _partition.Partition, state.Start);
    }

    private async Task ReportAsync(
        long epoch,
        PartitionProgress progress,
        PartitionIngestor ingestor,
        PartitionCommits commits,
        CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ReportInterval, _parts.Time);
        long said = -1, saidMs = 0, saidVersion = -1;
        while (!cancellationToken.IsCancellationRequested)
        {
            long nowMs = _parts.NowMs, next = progress.Next, version = commits.VerifiedVersion;
            try
            {
                if (next != said || version != saidVersion || nowMs - saidMs >= 1_000)
                {
                    (long committed, long committedMs) = commits.Committed;
                    await _grain.ReportAsync(new PartitionReport(
                        epoch, next, progress.End, progress.LagMs(nowMs), progress.IsRebuilding,
                        GapPairs.Of(progress.Gaps), _parts.Silo, ingestor.Fault ?? _fault ?? commits.Fault, nowMs,
                        version, committed, committedMs)
                    {
                        Start = progress.StartOffset,
                    });
                    (said, saidMs, saidVersion) = (next, nowMs, version);
                    _fault = null;
                }

                await timer.WaitForNextTickAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Whoever reads answers is told how old the last report is.
                await Task.WhenAny(Task.Delay(Pause, _parts.Time, cancellationToken));
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Topic}/{Partition} failed, and begins anew at what is durable: {Why}")]
    private partial void LogFailed(Exception? exception, string topic, int partition, string why);

    [LoggerMessage(LogLevel.Warning, "{Topic}/{Partition} begins at offset {Offset}, as 'start' of its definition "
        + "says; what is before is left out.")]
    private partial void LogStarts(string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Warning, "{Topic}/{Partition} begins anew at what is durable: {Why}")]
    private partial void LogBeginsAnew(string topic, int partition, string why);

    /// <summary>Ends the ingestor when an entity has lost events.</summary>
    private sealed class RewindingTarget(IEventTarget target, CancellationTokenSource ends) : IEventTarget
    {
        internal string? Why { get; private set; }

        public ValueTask CompleteAsync(
            TopicPartition partition, Delivered delivered, CancellationToken cancellationToken) => default;

        public void Abandon(TopicPartition partition) => target.Abandon(partition);

        public async ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken)
        {
            try
            {
                await target.ApplyAsync(batch, cancellationToken);
            }
            catch (StateLostException e)
            {
                Why = e.Message;
                await ends.CancelAsync();
                throw new OperationCanceledException(ends.Token);
            }
        }
    }
}
