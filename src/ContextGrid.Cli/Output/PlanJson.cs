using System.Text.Json;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;

namespace ContextGrid.Cli.Output;

/// <summary>The plan of a type of entity as one JSON object.</summary>
public static class PlanJson
{
    /// <summary>Writes the plan on one line.</summary>
    public static void Write(TextWriter output, EntityPlan plan) => JsonLine.Write(output, json =>
    {
        json.WriteString("entity", plan.Definition.Name);
        json.WriteStartArray("events");
        for (var i = 0; i < plan.Events.Length; i++)
            WriteEvent(json, plan, i);
        json.WriteEndArray();
        json.WriteStartObject("derived");
        foreach (var feature in plan.Features.Where(f => f.Definition is DerivedFeature))
        {
            var text = FeatureText.Print(plan.Definitions, plan.Definition, feature.Definition);
            json.WriteString(feature.Definition.Name, text);
        }

        json.WriteEndObject();
        json.WriteNumber("row_events", PlanText.RowEvents);
        json.WriteNumber("bytes_with_rows", PlanBytes.WithRows(plan, PlanText.RowEvents));
        json.WriteNumber("bytes_max", PlanBytes.Max(plan));
    });

    private static void WriteEvent(Utf8JsonWriter json, EntityPlan plan, int index)
    {
        var state = plan.Events[index];
        var definition = plan.Definitions.Events[state.EventIndex];
        json.WriteStartObject();
        json.WriteString("event", definition.Name);
        json.WriteString("topic", definition.Topic);
        json.WriteString("key", definition.Fields[state.KeyField].Name);
        json.WriteNumber("row_bytes", PlanBytes.Row(state));
        json.WriteNumber("exact_ms", state.ExactMs);
        WriteTexts(json, "columns", state.Columns.Select(c => c.ToString()));
        WriteTexts(json, "predicates", state.Predicates.Select(p => p?.ToString()));
        json.WriteStartArray("groups");
        foreach (var group in state.Groups)
            WriteGroup(json, plan, index, group);
        json.WriteEndArray();
        json.WriteStartArray("windows");
        foreach (var window in state.Windows)
        {
            json.WriteStartObject();
            json.WriteNumber("group", window.Group.Index);
            json.WriteString("kind", window.Window.Kind.ToString().ToLowerInvariant());
            json.WriteNumber("size_ms", window.Window.SizeMs);
            json.WriteNumber("tile_ms", window.Window.TileMs);
            json.WriteBoolean("exact", window.Window.Exact);
            json.WriteString("bounds", PlanText.Bounds(window.Window));
            WriteTexts(json, "features", PlanText.Users(plan, index, window.Index));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteGroup(Utf8JsonWriter json, EntityPlan plan, int index, GroupPlan group)
    {
        var columns = plan.Events[index].Columns;
        json.WriteStartObject();
        json.WriteNumber("predicate", group.Predicate);
        json.WriteString("by", group.ByColumn < 0 ? null : columns[group.ByColumn].ToString());
        json.WriteNumber("tile_ms", group.TileMs);
        json.WriteNumber("tiles_max", group.TilesMax);
        json.WriteNumber("tile_bytes", PlanBytes.Tile(group));
        json.WriteNumber("tile_bytes_max", PlanBytes.TileMax(group));
        json.WriteStartArray("accumulators");
        for (var i = 0; i < group.Specs.Length; i++)
        {
            json.WriteStartObject();
            json.WriteString("keeps", AccumulatorText.Print(group.Specs[i], columns));
            WriteTexts(json, "features", PlanText.Users(plan, index, group, i));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string?> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
