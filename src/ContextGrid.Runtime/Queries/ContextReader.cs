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
        foreach ((TopicPartition partition, _) in query.PositionsMin.IsDefault ? [] : query.PositionsMin)
        {
            if (!progress.Any(p => p.Partition == partition))
            {
                throw new ArgumentException(
                    $"min_position names {partition.Topic}/{partition.Partition}, which no definition consumes.");
            }
        }

        await grid.WaitForPositionsAsync(query, cancellationToken);
        query.NowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        query.HeadMs = query.Head == QueryHead.AsOf ? query.HeadMs : query.NowMs;
        await grid.ReadAsync(query, answer, cancellationToken);
        long lagMs = 0;
        foreach (SourceReading source in answer.Sources)
        {
            lagMs = Math.Max(lagMs, source.LagMs);
        }

        IReadOnlyList<RetainedFrom> cut = answer.Past.Count == 0
            ? []
            : await past.ReadAsync(query, answer, cancellationToken);
        return new ContextOutcome(query.StalenessMax is { } most && lagMs > most.TotalMilliseconds, lagMs, cut);
    }
}

/// <summary>How a query went.</summary>
/// <param name="IsTooStale">The sources are further behind than the query allows.</param>
/// <param name="LagMs">How far they are behind, as the sources say.</param>
/// <param name="Cut">For the past: partitions that no longer have their beginning.</param>
public readonly record struct ContextOutcome(bool IsTooStale, long LagMs, IReadOnlyList<RetainedFrom> Cut);
