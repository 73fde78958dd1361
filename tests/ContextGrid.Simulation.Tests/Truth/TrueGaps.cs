using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Queries;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>What declared gaps say.</summary>
internal static class TrueGaps
{
    /// <summary>
    /// Whether an offset may be missing. Only the newest gaps are kept: when there are as many, nothing is certain
    /// before the oldest of them.
    /// </summary>
    public static bool MayLack(ImmutableArray<OffsetGap> gaps, long offset) =>
        gaps.Any(g => offset >= g.First && offset <= g.Last)
        || (gaps.Length >= CheckpointContent.GapsMax
            && offset < gaps.Select(g => g.First).OrderDescending().ElementAt(CheckpointContent.GapsMax - 1));

    /// <summary>Whether the gaps that an answer tells are ones: the log has lost these offsets.</summary>
    /// <exception cref="SimulationFailure">One is not.</exception>
    public static void Check(SimulatedWorld world, RecordedAnswer answer)
    {
        foreach (SourceReading source in answer.Sources.Where(_ => world.Plan.IsShared))
        {
            long start = world.SharedLog.RangeOf(source.Partition).Start;
            if (source.Gaps.Any(g => g.First > g.Last || g.Last >= start))
            {
                throw new SimulationFailure(
                    $"{answer.What}: {source.Partition} has gaps, {string.Join(", ", source.Gaps)}, and begins at "
                    + $"{start}");
            }
        }
    }
}
