using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Plans;

/// <summary>
/// The text of a plan for people: what an entity keeps, which features share it, and how many bytes it is. Equal plans
/// give equal texts; lines end with a line feed.
/// </summary>
public static class PlanText
{
    /// <summary>The events of each kind that the small entity of the text has.</summary>
    public const int RowEvents = 20;

    /// <summary>Prints a plan.</summary>
    public static string Print(EntityPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var text = new StringBuilder();
        EntityDefinition entity = plan.Definition;
        string lifetime = entity.TtlMs == 0 ? "kept for ever" : $"expires after {DurationText.Print(entity.TtlMs)}";
        Line(text, 0, $"entity {entity.Name}: {Count(plan.Features.Length, "feature")}, {lifetime}");
        for (int i = 0; i < plan.Events.Length; i++)
        {
            PrintEvent(text, plan, i);
        }

        foreach (FeaturePlan derived in plan.Features.Where(f => f.Definition is DerivedFeature))
        {
            string line = FeatureText.Print(plan.Definitions, entity, derived.Definition);
            Line(text, 1, $"derived {derived.Definition.Name}: {line}");
        }

        Line(text, 1, "bytes an entity, about");
        Line(text, 2, $"with {RowEvents} events of each kind, as rows: {Number(PlanBytes.WithRows(plan, RowEvents))}");
        Line(text, 2, $"at most, with every tile dense and every cap reached: {Number(PlanBytes.Max(plan))}");
        return text.ToString();
    }

    /// <summary>The features that read an accumulator, by name in ordinal order.</summary>
    /// <param name="plan">The entity's plan.</param>
    /// <param name="eventIndex">Index in <see cref="EntityPlan.Events"/>.</param>
    /// <param name="group">One of the event's groups.</param>
    /// <param name="cell">Index in <see cref="GroupPlan.Specs"/>.</param>
    public static IEnumerable<string> Users(EntityPlan plan, int eventIndex, GroupPlan group, int cell)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return Names(plan.Features.Where(f => f.Event == eventIndex && f.Cells.Contains(cell)
            && plan.Events[eventIndex].Windows[f.Window].Group == group));
    }

    /// <summary>The features that read a window, by name in ordinal order.</summary>
    /// <param name="plan">The entity's plan.</param>
    /// <param name="eventIndex">Index in <see cref="EntityPlan.Events"/>.</param>
    /// <param name="window">Index in <see cref="EventPlan.Windows"/>.</param>
    public static IEnumerable<string> Users(EntityPlan plan, int eventIndex, int window)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return Names(plan.Features.Where(f => f.Event == eventIndex && f.Window == window));
    }

    /// <summary>The event times that a window includes, in terms of its head H.</summary>
    public static string Bounds(WindowDefinition window)
    {
        ArgumentNullException.ThrowIfNull(window);
        string size = DurationText.Print(window.SizeMs), tile = DurationText.Print(window.TileMs);
        return window.Kind switch
        {
            WindowKind.Lifetime => "every event",
            WindowKind.Session =>
                $"back from the newest event while gaps are <= {size}; empty when H - newest > {size}",
            WindowKind.Tumbling => $"floorDiv(H, {size}) * {size} <= time <= H",
            WindowKind.Hopping => $"floorDiv(H, {tile}) * {tile} + {tile} - {size} <= time <= H",
            _ when window.Exact => $"H - {size} + 1ms <= time <= H",
            _ => $"floorDiv(H - {size} + 1ms, {tile}) * {tile} <= time <= H",
        };
    }

    private static void PrintEvent(StringBuilder text, EntityPlan plan, int index)
    {
        EventPlan e = plan.Events[index];
        EventDefinition definition = plan.Definitions.Events[e.EventIndex];
        string key = definition.Fields[e.KeyField].Name;
        string row = $"a row {PlanBytes.Row(e)} bytes";
        Line(text, 1, $"event {definition.Name} of topic {definition.Topic}, key {key}, {row}");
        Line(text, 2, "columns");
        for (int i = 0; i < e.Columns.Length; i++)
        {
            Line(text, 3, $"{i}: {e.Columns[i]} ({TypeNames.Of(e.Columns[i].Type)})");
        }

        Line(text, 2, "predicates");
        for (int i = 0; i < e.Predicates.Length; i++)
        {
            Line(text, 3, $"{i}: {e.Predicates[i]?.ToString() ?? "every event"}");
        }

        foreach (GroupPlan group in e.Groups)
        {
            PrintGroup(text, plan, index, group);
        }

        PrintWindows(text, plan, index);
        if (e.ExactMs > 0)
        {
            Line(text, 2, $"exact rows: the last {DurationText.Print(e.ExactMs)}, at most "
                + Count(EventState.ExactRowsMax, "row"));
        }
    }

    private static void PrintGroup(StringBuilder text, EntityPlan plan, int index, GroupPlan group)
    {
        EventPlan e = plan.Events[index];
        string by = group.ByColumn < 0 ? "" : $", by {e.Columns[group.ByColumn]}";
        string tiles = group.IsLifetime
            ? "lifetime"
            : $"tiles of {DurationText.Print(group.TileMs)}, at most {Count(group.TilesMax, "tile")}";
        Line(text, 2, $"group {group.Index}: predicate {group.Predicate}{by}, {tiles}");
        for (int i = 0; i < group.Specs.Length; i++)
        {
            string users = string.Join(", ", Users(plan, index, group, i));
            Line(text, 3, $"{AccumulatorText.Print(group.Specs[i], e.Columns)} for {users}");
        }

        string categories = group.ByColumn < 0 ? "" : $" in {PlanBytes.TileCategories} categories";
        Line(text, 3, $"a dense tile: about {Number(PlanBytes.Tile(group))} bytes with {PlanBytes.TileEvents} events"
            + $"{categories}, at most {Number(PlanBytes.TileMax(group))}");
    }

    private static void PrintWindows(StringBuilder text, EntityPlan plan, int index)
    {
        foreach (WindowPlan window in plan.Events[index].Windows)
        {
            string users = string.Join(", ", Users(plan, index, window.Index));
            string name = window.Window.Kind == WindowKind.Lifetime
                ? "lifetime"
                : WindowParser.Print(window.Window).TrimStart();
            Line(text, 2, $"window {window.Index} on group {window.Group.Index}: {name} for {users}");
            Line(text, 3, Bounds(window.Window));
        }
    }

    private static IEnumerable<string> Names(IEnumerable<FeaturePlan> features) =>
        features.Select(f => f.Definition.Name).Order(StringComparer.Ordinal);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Count(long count, string what) => $"{Number(count)} {what}{(count == 1 ? "" : "s")}";

    private static void Line(StringBuilder text, int depth, string line) =>
        text.Append(' ', depth * 2).Append(line).Append('\n');
}
