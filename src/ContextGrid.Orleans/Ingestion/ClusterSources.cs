using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Hosting;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>
/// How far all source partitions of the cluster are applied, as this silo knows it: their readers' reports, each asked
/// for as soon as there is another one. What is told is never ahead of what is applied.
/// </summary>
internal sealed class ClusterSources : BackgroundService
{
    private static readonly TimeSpan AskMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly IngestionParts _parts;
    private readonly long[] _verified;
    private readonly PartitionReport?[] _reports;

    internal ClusterSources(IngestionParts parts, ImmutableArray<TopicPartition> partitions)
    {
        _parts = parts;
        DefinitionSet definitions = parts.Grid.Definitions;
        Progress =
        [
            .. partitions.Select(p => new PartitionProgress(
                p, Position.SourceOf(definitions.Topics.IndexOf(p.Topic), p.Partition), 0, [])
            {
                RecoverTo = 1, // Until there is a report, nothing is known.
            }),
        ];
        (_verified, _reports) = (new long[Progress.Length], new PartitionReport?[Progress.Length]);
        foreach (PartitionProgress progress in Progress)
        {
            progress.Verify(parts.NowMs);
        }
    }

    /// <summary>Every source partition, in order of topic and partition.</summary>
    internal ImmutableArray<PartitionProgress> Progress { get; }

    /// <summary>The newest report of each partition; null: there is none yet.</summary>
    internal IEnumerable<(TopicPartition Partition, PartitionReport? Report)> Reports =>
        Progress.Select((p, i) => (p.Partition, Volatile.Read(ref _reports[i])));

    /// <summary>
    /// The version of the cluster's members up to which no loss has left an entity of a type behind.
    /// </summary>
    internal long VerifiedVersionOf(EntityPlan plan)
    {
        long verified = long.MaxValue;
        for (int i = 0; i < _verified.Length; i++)
        {
            if (plan.Topics.Contains(Progress[i].Partition.Topic))
            {
                verified = Math.Min(verified, Volatile.Read(ref _verified[i]));
            }
        }

        return verified;
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, Progress.Length).Select(i => FollowAsync(i, stoppingToken)));

    private async Task FollowAsync(int index, CancellationToken cancellationToken)
    {
        IPartitionGrain grain = _parts.GrainOf(Progress[index].Partition);
        long seen = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                PartitionReport? report = await grain.WaitForReportAsync(seen, AskMax).AsTask().WaitAsync(
                    cancellationToken);
                if (report is not null && report.SaidMs != seen)
                {
                    Take(index, report);
                    seen = report.SaidMs;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // What is known grows old, and answers say so.
                await Task.WhenAny(Task.Delay(Pause, _parts.Time, cancellationToken));
            }
        }
    }

    private void Take(int index, PartitionReport report)
    {
        PartitionProgress progress = Progress[index];
        foreach (OffsetGap gap in GapPairs.Read(report.Gaps))
        {
            progress.DeclareGap(gap);
        }

        Volatile.Write(ref _reports[index], report);
        Volatile.Write(ref _verified[index], report.VerifiedVersion);
        progress.StartOffset = report.Start;
        progress.RecoverTo = report.IsRebuilding ? long.MaxValue : 0;
        progress.Advance(report.Next, report.End, report.LagMs > 0 ? report.SaidMs - report.LagMs : 0);

        // A lag without known records is the age of the reader's last look at the end. A reader's clock that is ahead
        // makes nothing younger.
        progress.Verify(Math.Min(report.SaidMs, _parts.NowMs) - report.LagMs);
    }
}
