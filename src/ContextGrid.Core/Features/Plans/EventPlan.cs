using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Plans;

/// <summary>How one event changes one type of entity. Immutable.</summary>
public sealed class EventPlan
{
    internal EventPlan(
        EntitySource source,
        ImmutableArray<Expression> columns,
        ImmutableArray<Expression?> predicates,
        ImmutableArray<GroupPlan> groups,
        ImmutableArray<WindowPlan> windows)
    {
        EventIndex = source.EventIndex;
        KeyField = source.KeyField;
        Columns = columns;
        Predicates = predicates;
        Groups = groups;
        Windows = windows;
        GroupPlan[] tiled = [.. groups.Where(g => !g.IsLifetime)];
        BlockMs = tiled.Length == 0 ? 0 : tiled.Max(g => g.TileMs);
        ExactMs = windows.Where(w => w.Window.Exact).Select(w => w.Window.SizeMs).DefaultIfEmpty(0).Max();
        PredicateBytes = (predicates.Length + 7) / 8;
        TiledPredicates = Mask(predicates.Length, tiled.Select(g => g.Predicate));
        ExactPredicates = Mask(predicates.Length, windows.Where(w => w.Window.Exact).Select(w => w.Group.Predicate));
    }

    /// <summary>The event's index in the definitions.</summary>
    public int EventIndex { get; }

    /// <summary>Index of the field that holds the entity's key.</summary>
    public int KeyField { get; }

    /// <summary>The expressions that are computed once for each event and feed all aggregates.</summary>
    public ImmutableArray<Expression> Columns { get; }

    /// <summary>The different <c>where</c> conditions; index 0 is null and lets every event through.</summary>
    public ImmutableArray<Expression?> Predicates { get; }

    /// <summary>The groups of state.</summary>
    public ImmutableArray<GroupPlan> Groups { get; }

    /// <summary>The windows that queries read from the groups.</summary>
    public ImmutableArray<WindowPlan> Windows { get; }

    /// <summary>
    /// The size in milliseconds of a block: the unit in which few events are kept as rows, many as tiles. The largest
    /// tile; 0 when every group is lifetime.
    /// </summary>
    public long BlockMs { get; }

    /// <summary>The longest exact window in milliseconds; 0: none.</summary>
    public long ExactMs { get; }

    /// <summary>Bytes of a bit set over the predicates.</summary>
    internal int PredicateBytes { get; }

    /// <summary>The predicates that some tiled group has.</summary>
    internal byte[] TiledPredicates { get; }

    /// <summary>The predicates that some exact window has.</summary>
    internal byte[] ExactPredicates { get; }

    /// <summary>The first block that is retained when the entity's newest event is at <paramref name="newestMs"/>.</summary>
    internal long FirstBlock(long newestMs)
    {
        long first = long.MaxValue;
        foreach (GroupPlan group in Groups)
        {
            if (!group.IsLifetime)
            {
                first = Math.Min(first, TimeMath.FloorDiv(group.FirstTile(newestMs) * group.TileMs, BlockMs));
            }
        }

        return first;
    }

    private static byte[] Mask(int predicates, IEnumerable<int> members)
    {
        byte[] mask = new byte[(predicates + 7) / 8];
        foreach (int member in members)
        {
            mask[member >> 3] |= (byte)(1 << (member & 7));
        }

        return mask;
    }
}
