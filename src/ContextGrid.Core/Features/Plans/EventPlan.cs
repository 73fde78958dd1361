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
        ImmutableArray<WindowPlan> windows,
        bool keepsWaiting)
    {
        KeepsWaiting = keepsWaiting;
        EventIndex = source.EventIndex;
        KeyField = source.KeyField;
        Columns = columns;
        Predicates = predicates;
        Groups = groups;
        Windows = windows;
        SettleMs = groups.Select(g => g.TileMs).DefaultIfEmpty(0).Max();
        ExactMs = windows.Where(w => w.Window.Exact).Select(w => w.Window.SizeMs).DefaultIfEmpty(0).Max();
        PredicateBytes = (predicates.Length + 7) / 8;
        ExactPredicates = Mask(predicates.Length, windows.Where(w => w.Window.Exact).Select(w => w.Group.Predicate));
        EmptyBytes = PlanBytes.Empty(this);
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
    /// The largest tile in milliseconds: when an entity's newest event reaches the next one, its state is settled, so
    /// that expired tiles do not pile up; 0 when every group is lifetime.
    /// </summary>
    internal long SettleMs { get; }

    /// <summary>The longest exact window in milliseconds; 0: none.</summary>
    public long ExactMs { get; }

    /// <summary>Whether events wait until they can no longer be ahead of a clock (<see cref="EntityPlan.AheadMs"/>).
    /// </summary>
    internal bool KeepsWaiting { get; }

    /// <summary>An estimate of the memory of an event's state without rows and tiles.</summary>
    internal long EmptyBytes { get; }

    /// <summary>Bytes of a bit set over the predicates.</summary>
    internal int PredicateBytes { get; }

    /// <summary>The predicates that some exact window has.</summary>
    internal byte[] ExactPredicates { get; }

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
