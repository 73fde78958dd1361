using System.Collections.Immutable;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// Notes how far the sources of a query are applied, before its values are read: the values hold at least that (I12).
/// </summary>
internal static class SourceReadings
{
    /// <summary>Notes the sources of the open shards that a query is about.</summary>
    /// <param name="positions">Where the shards are.</param>
    /// <param name="query">The query.</param>
    /// <param name="answer">Takes the sources: of each partition the one that is the furthest behind.</param>
    /// <param name="rebuilding">Takes, for each noted source, the shards whose state is not yet what it was.</param>
    internal static void Note(
        ShardPositions positions, ContextQuery query, ContextAnswer answer, List<ShardSet> rebuilding)
    {
        rebuilding.Clear();
        answer.Sources.Clear();
        for (int p = 0; p < positions.Process.Length; p++)
        {
            if (Feeds(positions.Process[p].Partition.Topic, query))
            {
                answer.Sources.Add(Of(positions.InStep(p), query.NowMs));
            }
        }

        // Looked at last: who falls behind is noted before those in step go on.
        if (positions.HasBehind)
        {
            NoteEach(positions, query, answer, rebuilding);
        }
    }

    /// <summary>Whether an answer's sources have reached the minimum positions of its query: a shard that has come
    /// here after they were waited for may stand before them.</summary>
    internal static bool Reaches(ContextQuery query, ContextAnswer answer)
    {
        foreach ((TopicPartition partition, long offset) in query.PositionsMin.IsDefault ? [] : query.PositionsMin)
        {
            foreach (SourceReading source in answer.Sources)
            {
                if (source.Partition == partition && source.Next <= offset)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Notes gaps: last, since values that stand behind a gap must not come without it.</summary>
    internal static void NoteGaps(ImmutableArray<PartitionProgress> progress, ContextAnswer answer)
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

    /// <summary>Says of entities whose sources are rebuilding that they are not complete. The past is rebuilt from the
    /// log for each question, so it is complete at any time.</summary>
    /// <param name="query">The query.</param>
    /// <param name="answer">The answer; its sources were noted.</param>
    /// <param name="rebuilding">From <see cref="Note"/>; empty: what rebuilds a source does so for all shards.</param>
    /// <param name="shards">How many shards there are.</param>
    internal static void MarkRebuilding(
        ContextQuery query, ContextAnswer answer, List<ShardSet> rebuilding, int shards)
    {
        for (int s = 0; s < answer.Sources.Count; s++)
        {
            if (!answer.Sources[s].IsRebuilding)
            {
                continue;
            }

            for (int i = 0; i < query.Count; i++)
            {
                bool isFed = query.Selections[query[i].Selection].Plan.Topics.Contains(
                    answer.Sources[s].Partition.Topic);
                if (isFed && !answer.Past.Contains(i)
                    && (rebuilding.Count == 0 || rebuilding[s].Contains(ShardMap.ShardOf(query.Key(i), shards))))
                {
                    answer.MarkRebuilding(i);
                }
            }
        }
    }

    private static void NoteEach(
        ShardPositions positions, ContextQuery query, ContextAnswer answer, List<ShardSet> rebuilding)
    {
        ShardSet shards = positions.ShardsOf(query);
        answer.Sources.Clear();
        for (int p = 0; p < positions.Process.Length; p++)
        {
            if (!Feeds(positions.Process[p].Partition.Topic, query))
            {
                continue;
            }

            SourceReading? furthest = null;
            ShardSet unfinished = default;
            foreach (int shard in shards.Shards())
            {
                if (positions.Of(shard) is { } progress)
                {
                    SourceReading one = Of(progress[p], query.NowMs);
                    unfinished = one.IsRebuilding ? unfinished.With(shard) : unfinished;
                    furthest = furthest?.FurtherBehind(one) ?? one;
                }
            }

            answer.Sources.Add(furthest ?? Of(positions.InStep(p), query.NowMs));
            rebuilding.Add(unfinished);
        }
    }

    private static SourceReading Of(PartitionProgress source, long nowMs)
    {
        // Each is read before what was noted before it (see PartitionProgress.LagMs).
        long lagMs = source.LagMs(nowMs);
        bool isRebuilding = source.IsRebuilding;
        return new SourceReading(source.Partition, source.Next, source.Lag, lagMs, isRebuilding, []);
    }

    private static bool Feeds(string topic, ContextQuery query)
    {
        foreach (FeatureSelection selection in query.Selections)
        {
            if (selection.Plan.Topics.Contains(topic))
            {
                return true;
            }
        }

        return false;
    }
}
