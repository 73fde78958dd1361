using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Plans;

/// <summary>
/// How much memory an entity takes: an estimate for a 64-bit process without its key and its place in the grid. Texts
/// count 12 bytes, every column is taken as not null.
/// </summary>
public static class PlanBytes
{
    /// <summary>The events of the tile that an estimate is made for.</summary>
    public const int TileEvents = 100;

    /// <summary>The categories of the tile that an estimate is made for.</summary>
    public const int TileCategories = 10;

    private const int TextBytes = 12;
    private const int EntityBytes = 160;
    private const int EventBytes = 192;
    private const int TileObjectBytes = 64;
    private const int ArrayBytes = 24;
    private const int CategoryMapBytes = 80;
    private const int CategoryBytes = 128;
    private const int NameBytes = 88;

    /// <summary>The bytes of an event that is kept as a row.</summary>
    public static long Row(EventPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        long columns = plan.Columns.Sum(c => c.Type switch
        {
            ValueKind.String => 2L + TextBytes,
            ValueKind.List => 0L,
            _ => 8L,
        });
        return RowCodec.HeaderBytes + plan.PredicateBytes + ((plan.Columns.Length + 7) / 8) + columns + 4;
    }

    /// <summary>
    /// The bytes of an entity that holds so many events of each kind as rows, and nothing dense but lifetimes.
    /// </summary>
    /// <param name="plan">The entity type's plan.</param>
    /// <param name="events">How many of each event, at least 0.</param>
    public static long WithRows(EntityPlan plan, int events)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return EntityBytes + plan.Events.Sum(e => Fixed(e)
            + ((e.ExactMs > 0 ? 2 : 1) * Row(e) * events)
            + e.Groups.Where(g => g.IsLifetime).Sum(g => Tile(g, events, Math.Min(events, TileCategories))));
    }

    /// <summary>The bytes of a dense tile of <see cref="TileEvents"/> events with different values.</summary>
    public static long Tile(GroupPlan group) => Tile(group, TileEvents, TileCategories);

    /// <summary>The most bytes that a dense tile can take.</summary>
    public static long TileMax(GroupPlan group) => Tile(group, long.MaxValue, CategoryMap.CountMax)
        + (group.Additive.IsEmpty ? 0 : Rest(group, CategoryRest.CellsMax));

    /// <summary>The most bytes that an entity can take: every tile dense, every cap reached, exact rows full.</summary>
    public static long Max(EntityPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return EntityBytes + plan.Events.Sum(e => Fixed(e)
            + (e.ExactMs > 0 ? Row(e) * EventState.ExactRowsMax : 0)
            + e.Groups.Sum(g => g.TilesMax * TileMax(g)));
    }

    /// <summary>The bytes of an entity without events, and of an event's state without rows and tiles.</summary>
    internal static long Empty(EntityPlan plan) => EntityBytes + (8L * plan.Events.Length);

    /// <summary>The bytes of an event's state without rows and tiles.</summary>
    internal static long Empty(EventPlan plan) => Fixed(plan);

    /// <summary>The bytes of a tile that has just become dense, before it is measured.</summary>
    internal static long NewTile(GroupPlan group) =>
        Tile(group, group.IsLifetime ? 1 : EventState.RowsOfNewTileMax, group.IsLifetime ? 1 : TileCategories);

    /// <summary>The bytes of a tile as it is. Does not allocate.</summary>
    internal static long Of(GroupPlan group, Tile tile)
    {
        long bytes = TileObjectBytes;
        if (tile.Categories is not { } categories)
        {
            return bytes + CellBytes(group, tile.Cells);
        }

        for (int i = 0; i < categories.Count; i++)
        {
            bytes += Category(group) + CellBytes(group, categories[i].Cells);
        }

        bytes += categories.Rest?.Bytes ?? 0;

        return bytes + CategoryMapBytes;
    }

    /// <summary>
    /// The bytes of what is kept of categories beyond the cap, with so many cells of each count and sum.
    /// </summary>
    internal static long Rest(GroupPlan group, int cells)
    {
        long bytes = TileObjectBytes;
        foreach (int spec in group.Additive)
        {
            bytes += (8L * CategoryRest.CellsMax) + (CounterList.CountMax * NameBytes)
                + (cells * AccumulatorBytes.Of(group.Specs[spec], 1));
        }

        return bytes;
    }

    private static long Category(GroupPlan group) =>
        CategoryBytes + (group.Additive.IsEmpty ? 0 : ArrayBytes + (sizeof(double) * group.Additive.Length));

    private static long CellBytes(GroupPlan group, Accumulator?[] cells)
    {
        long bytes = ArrayBytes + (8L * cells.Length);
        for (int i = 0; i < cells.Length; i++)
        {
            bytes += cells[i] is { } cell ? AccumulatorBytes.Of(group.Specs[i], cell.KeptCount) : 0;
        }

        return bytes;
    }

    private static long Tile(GroupPlan group, long values, long categories)
    {
        ArgumentNullException.ThrowIfNull(group);
        long cells = ArrayBytes + (8L * group.Specs.Length);
        if (group.ByColumn < 0)
        {
            return TileObjectBytes + cells + group.Specs.Sum(s => AccumulatorBytes.Of(s, values));
        }

        long share = values == long.MaxValue || categories == 0 ? values : values / categories;
        return TileObjectBytes + CategoryMapBytes
            + (categories * (Category(group) + cells + group.Specs.Sum(s => AccumulatorBytes.Of(s, share))));
    }

    private static long Fixed(EventPlan plan) =>
        EventBytes + (8L * (plan.Predicates.Length + plan.Groups.Length));
}
