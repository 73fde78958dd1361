using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Plans;

/// <summary>One window over one group, read once a query for all features that need it. Immutable.</summary>
public sealed class WindowPlan
{
    internal WindowPlan(int index, GroupPlan group, WindowDefinition window, ImmutableArray<bool> uses)
    {
        Index = index;
        Group = group;
        Window = window;
        Uses = uses;
    }

    /// <summary>Index in <see cref="EventPlan.Windows"/>.</summary>
    public int Index { get; }

    /// <summary>Where the state is.</summary>
    public GroupPlan Group { get; }

    /// <summary>The window.</summary>
    public WindowDefinition Window { get; }

    /// <summary>Which of the group's accumulators the window's features need.</summary>
    public ImmutableArray<bool> Uses { get; }

    /// <summary>
    /// The first event time inside a window whose head is <paramref name="headMs"/>. Not for sessions, whose start
    /// depends on the events.
    /// </summary>
    public static long StartMs(WindowDefinition window, long headMs)
    {
        switch (window.Kind)
        {
            case WindowKind.Sliding:
                long tail = headMs - window.SizeMs + 1;
                return window.Exact ? tail : TimeMath.FloorDiv(tail, window.TileMs) * window.TileMs;
            case WindowKind.Tumbling:
                return TimeMath.FloorDiv(headMs, window.SizeMs) * window.SizeMs;
            case WindowKind.Hopping:
                return (TimeMath.FloorDiv(headMs, window.TileMs) + 1) * window.TileMs - window.SizeMs;
            default:
                return long.MinValue;
        }
    }
}
