using System.Collections.Immutable;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Replay;

namespace ContextGrid.Runtime.Queries;

/// <summary>
/// Answers a query with all its conditions: waits for positions, reads live state, rebuilds the past, and refuses what
/// is too stale. Thread-safe.
/// </summary>
/// <param name="grid">Where entities live.</param>
/// <param name="past">Rebuilds the past.</param>
/// <param name="progress">How far each source partition is applied.</param>
/// <param name="time">The server's clock.</param>
public sealed class ContextReader(
    IContextGrid grid, PastReader past, ImmutableArray<PartitionProgress> progress, TimeProvider time)
{
    /// <summary>How long a query without a deadline of its own waits for its minimum positions.</summary>
    public static readonly TimeSpan PositionWaitMax = TimeSpan.FromSeconds(30);

    /// <summary>Answers a query. A query whose head is the clock gets it here.</summary>
    /// <param name="query">What to read.</param>
    /// <param name="answer">Takes the answer.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    /// <exception cref="TimeoutException">A position does not come in <see cref="PositionWaitMax"/>.</exception>
    /// <exception cref="ArgumentException">A minimum position names a partition that is not consumed.</exception>
    /// <exception cref="EventLogException">The past can't be read.</exception>
    /// <exception cref="Codecs.SchemaUnavailableException">The past needs a schema that can't be had at present.
    /// </exception>
    public async ValueTask<ContextOutcome> ReadAsync(
        ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken)
    {
        if (!query.PositionsMin.IsDefaultOrEmpty)
        {
            await WaitForPositionsAsync(query, cancellationToken);
        }

        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        query.HeadMs = query.Head == QueryHead.AsOf ? query.HeadMs : nowMs;

        // The sources are noted first: an answer may hold more than they say, and never less (I12).
        long lagMs = NoteSources(query, answer, nowMs, out bool isRebuilding);
        await grid.ReadAsync(query, answer, cancellationToken);
        NoteGaps(answer);
        if (isRebuilding)
        {
            MarkRebuilding(query, answer);
        }

        IReadOnlyList<RetainedFrom> cut = answer.Past.Count == 0
            ? []
            : await past.ReadAsync(query, answer, cancellationToken);
        return new ContextOutcome(query.StalenessMax is { } most && lagMs > most.TotalMilliseconds, lagMs, cut);
    }

    private async ValueTask WaitForPositionsAsync(ContextQuery query, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(PositionWaitMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        foreach ((TopicPartition partition, long offset) in query.PositionsMin)
        {
            try
            {
                await Find(partition).WaitForAsync(offset, either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"min_position: {partition.Topic}/{partition.Partition} has not reached offset {offset} within "
                    + $"{PositionWaitMax.TotalSeconds:F0} s.");
            }
        }
    }

    private long NoteSources(ContextQuery query, ContextAnswer answer, long nowMs, out bool isRebuilding)
    {
        answer.Sources.Clear();
        isRebuilding = false;
        long lagMsMost = 0;
        foreach (PartitionProgress source in progress)
        {
            if (Feeds(source.Partition.Topic, query))
            {
                long lagMs = source.LagMs(nowMs);
                isRebuilding |= source.IsRebuilding;
                answer.Sources.Add(new SourceReading(
                    source.Partition, source.Next, source.Lag, lagMs, source.IsRebuilding, []));
                lagMsMost = Math.Max(lagMsMost, lagMs);
            }
        }

        return lagMsMost;
    }

    // Gaps are noted last: values that stand behind a gap must not come without it.
    private void NoteGaps(ContextAnswer answer)
    {
        int at = 0;
        foreach (PartitionProgress source in progress)
        {
            if (at < answer.Sources.Count && answer.Sources[at].Partition == source.Partition)
            {
                answer.Sources[at] = answer.Sources[at] with { Gaps = source.Gaps };
                at++;
            }
        }
    }

    // The past is rebuilt from the log for each question, so it is complete at any time.
    private static void MarkRebuilding(ContextQuery query, ContextAnswer answer)
    {
        for (int i = 0; i < query.Count; i++)
        {
            ImmutableArray<string> topics = query.Selections[query[i].Selection].Plan.Topics;
            if (!answer.Past.Contains(i)
                && answer.Sources.Exists(s => s.IsRebuilding && topics.Contains(s.Partition.Topic)))
            {
                answer.MarkRebuilding(i);
            }
        }
    }

    private static bool Feeds(string topic, ContextQuery query)
    {
        foreach (Core.Queries.FeatureSelection selection in query.Selections)
        {
            if (selection.Plan.Topics.Contains(topic))
            {
                return true;
            }
        }

        return false;
    }

    private PartitionProgress Find(TopicPartition partition) =>
        progress.FirstOrDefault(p => p.Partition == partition)
        ?? throw new ArgumentException(
            $"min_position names {partition.Topic}/{partition.Partition}, which no definition consumes.");
}

/// <summary>How a query went.</summary>
/// <param name="IsTooStale">The sources are further behind than the query allows.</param>
/// <param name="LagMs">How far they are behind, as the sources say.</param>
/// <param name="Cut">For the past: partitions that no longer have their beginning.</param>
public readonly record struct ContextOutcome(bool IsTooStale, long LagMs, IReadOnlyList<RetainedFrom> Cut);
