using System.Text.Json;
using System.Text.Json.Nodes;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;

namespace ContextGrid.Adapters.SchemaRegistry.Outputs;

/// <summary>
/// The Avro schema of an output: a record with <c>type</c>, <c>key</c>, <c>as_of</c>, <c>degraded</c>, <c>values</c> (a
/// record with a nullable field for each feature), <c>times</c> and <c>statuses</c> (maps by feature). Lists and maps
/// hold unions, since their items may have any type.
/// </summary>
internal static class AvroOutputSchema
{
    /// <summary>How deep lists and maps may stand in each other; what is deeper is written as a text.</summary>
    internal const int DepthMax = 2;

    /// <summary>The schema's text.</summary>
    internal static string Of(OutputDefinition output, FeatureSelection selection)
    {
        string entity = selection.Plan.Definition.Name;
        var values = new JsonArray();
        for (int i = 0; i < selection.Names.Length; i++)
        {
            ValueKind kind = selection.Plan.Features[selection.Features[i]].Definition.Type;
            values.Add(Field(selection.Names[i], new JsonArray("null", TypeOf(kind)), JsonValue.Create((string?)null)));
        }

        var fields = new JsonArray(
            Field("type", "string"),
            Field("key", "string"),
            Field("as_of", Time()),
            Field("degraded", "boolean"),
            Field("values", Record($"{entity}_{output.Name}_values", values)),
            Field("times", Map(Time())),
            Field("statuses", Map("string")));
        JsonObject record = Record($"{entity}_{output.Name}", fields);
        record["namespace"] = "contextgrid.outputs";
        return record.ToJsonString(new JsonSerializerOptions { WriteIndented = false });
    }

    /// <summary>The branches of an item's union: those of plain values, then array and map, where there are any.
    /// </summary>
    private static JsonArray Items(int depth)
    {
        var branches = new JsonArray("null", "boolean", "long", "double", "string");
        if (depth < DepthMax)
        {
            branches.Add(Array(depth));
            branches.Add(Map(Items(depth + 1)));
        }

        return branches;
    }

    private static JsonNode TypeOf(ValueKind kind) => kind switch
    {
        ValueKind.Bool => "boolean",
        ValueKind.Int64 => "long",
        ValueKind.Double => "double",
        ValueKind.Timestamp => Time(),
        ValueKind.List => Array(0),
        ValueKind.Map => Map(Items(1)),
        _ => "string",
    };

    private static JsonObject Array(int depth) => new() { ["type"] = "array", ["items"] = Items(depth + 1) };

    private static JsonObject Map(JsonNode values) => new() { ["type"] = "map", ["values"] = values };

    private static JsonObject Time() => new() { ["type"] = "long", ["logicalType"] = "timestamp-millis" };

    private static JsonObject Record(string name, JsonArray fields) =>
        new() { ["type"] = "record", ["name"] = name, ["fields"] = fields };

    private static JsonObject Field(string name, JsonNode type) => new() { ["name"] = name, ["type"] = type };

    private static JsonObject Field(string name, JsonNode type, JsonNode? otherwise) =>
        new() { ["name"] = name, ["type"] = type, ["default"] = otherwise };
}
