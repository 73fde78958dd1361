using System.Collections.Immutable;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.TestKit.Grids;

/// <summary>Cuts events into batches as readers of partitions do.</summary>
internal static class GridBatches
{
    /// <summary>Runs of one partition, some cut into several batches of which the next may begin with events of the
    /// last one.</summary>
    internal static List<OracleEvent[]> Of(ImmutableArray<OracleEvent> events, Random random)
    {
        var batches = new List<OracleEvent[]>();
        int start = 0;
        while (start < events.Length)
        {
            int end = start + 1, most = random.Next(1, 40);
            while (end < events.Length && end - start < most && IsNext(events[end - 1], events[end]))
            {
                end++;
            }

            batches.Add([.. events[start..end]]);
            start = end - start > 3 && random.Next(4) == 0 ? end - random.Next(3) : end;
        }

        return batches;

        static bool IsNext(OracleEvent a, OracleEvent b) =>
            a.Topic == b.Topic && a.Partition == b.Partition;
    }
}
