using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Plans;

/// <summary>
/// State that features over the same event share: the same predicate, the same category and the same tile. Immutable.
/// </summary>
public sealed class GroupPlan
{
    /// <summary>How far back a session can reach, in tiles of one gap.</summary>
    public const int SessionTiles = 64;

    private readonly ImmutableArray<WindowDefinition> _windows;

    internal GroupPlan(
        int index,
        int predicate,
        int byColumn,
        long tileMs,
        ImmutableArray<AccumulatorSpec> specs,
        ImmutableArray<WindowDefinition> windows)
    {
        Index = index;
        Predicate = predicate;
        ByColumn = byColumn;
        TileMs = tileMs;
        Specs = specs;
        _windows = windows;
        Additive = byColumn < 0
            ? []
            : [.. Enumerable.Range(0, specs.Length).Where(i => specs[i] is
                { Kind: AccumulatorKind.Count } or { Kind: AccumulatorKind.PowerSum, N: 1 })];
        NewTileBytes = PlanBytes.NewTile(this);
    }

    /// <summary>Index in <see cref="EventPlan.Groups"/>.</summary>
    public int Index { get; }

    /// <summary>Index in <see cref="EventPlan.Predicates"/>.</summary>
    public int Predicate { get; }

    /// <summary>The category's column; −1: none.</summary>
    public int ByColumn { get; }

    /// <summary>The tile in milliseconds; 0: lifetime.</summary>
    public long TileMs { get; }

    /// <summary>Whether the group has one tile for ever.</summary>
    public bool IsLifetime => TileMs == 0;

    /// <summary>The accumulators that each tile (or each category in it) has.</summary>
    public ImmutableArray<AccumulatorSpec> Specs { get; }

    /// <summary>
    /// With categories, the indexes in <see cref="Specs"/> of counts and sums: what can be estimated of categories
    /// beyond the cap; else empty.
    /// </summary>
    internal ImmutableArray<int> Additive { get; }

    /// <summary>The most tiles that are retained.</summary>
    public long TilesMax => IsLifetime ? 1 : _windows.Max(w => Tiles(w));

    /// <summary>An estimate of the memory of a tile that has just become dense.</summary>
    internal long NewTileBytes { get; }

    /// <summary>The tile that a time is in.</summary>
    internal long TileOf(long timeMs) => TimeMath.FloorDiv(timeMs, TileMs);

    /// <summary>
    /// The first tile that a window of some head at or after the entity's newest event can still include. It depends on
    /// that time alone, and never falls, so that what is retained is a function of the set of events (I10).
    /// </summary>
    /// <param name="newestMs">The entity's newest event time.</param>
    internal long FirstTile(long newestMs)
    {
        long first = long.MaxValue;
        foreach (WindowDefinition window in _windows)
        {
            // A session whose newest event is more than a gap before every possible head is over.
            long tile = window.Kind == WindowKind.Session
                ? TimeMath.FloorDiv(newestMs, TileMs) - SessionTiles
                : TimeMath.FloorDiv(WindowPlan.StartMs(window, newestMs), TileMs);
            first = Math.Min(first, tile);
        }

        return first;
    }

    /// <summary>
    /// The rank of a row for a count or a sum: <paramref name="rank"/> over the row's weight, which is 1 or |x|;
    /// infinite when it adds nothing.
    /// </summary>
    /// <param name="additive">Index in <see cref="Additive"/>.</param>
    /// <param name="row">The row.</param>
    /// <param name="rank">The row's <see cref="RowRank"/>.</param>
    internal double RankOf(int additive, in EventRow row, double rank)
    {
        AccumulatorSpec spec = Specs[Additive[additive]];
        if (spec.Column < 0)
        {
            return rank;
        }

        ref readonly Value value = ref row.Columns[spec.Column];
        return value.IsNull ? double.PositiveInfinity
            : spec.Kind == AccumulatorKind.Count ? rank
            : rank / Math.Abs(value.ToDouble());
    }

    private static long Tiles(WindowDefinition window) => window.Kind == WindowKind.Session
        ? SessionTiles + 1
        : ((window.SizeMs + window.TileMs - 1) / window.TileMs) + (window.Kind == WindowKind.Sliding ? 1 : 0);
}
