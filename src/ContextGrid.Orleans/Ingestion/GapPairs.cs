using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>Declared gaps as silos say and keep them: first and last offset of each, one after the other.</summary>
internal static class GapPairs
{
    /// <summary>Gaps as numbers.</summary>
    internal static long[] Of(IEnumerable<OffsetGap> gaps) => [.. gaps.SelectMany(g => new[] { g.First, g.Last })];

    /// <summary>Numbers as gaps.</summary>
    internal static IEnumerable<OffsetGap> Read(long[] pairs) =>
        pairs.Chunk(2).Where(g => g.Length == 2).Select(g => new OffsetGap(g[0], g[1]));
}
