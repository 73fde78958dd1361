using System.Text.Json;
using ContextGrid.Client;

namespace ContextGrid.Cli.Output;

/// <summary>Entities as JSON, one object a line. Times are milliseconds since the Unix epoch.</summary>
public static class ContextJson
{
    /// <summary>Writes one line an entity.</summary>
    public static void Write(TextWriter output, ContextResult answer)
    {
        foreach (var entity in answer.Entities)
            JsonLine.Write(output, json => WriteEntity(json, entity, answer));
    }

    /// <summary>Writes a value; a timestamp as RFC 3339, values by category as a list of key and value.</summary>
    public static void WriteValue(Utf8JsonWriter json, ContextValue? value)
    {
        switch (value?.Kind)
        {
            case null:
                json.WriteNullValue();
                break;
            case ContextValueKind.Boolean:
                json.WriteBooleanValue(value.AsBoolean);
                break;
            case ContextValueKind.Int64:
                json.WriteNumberValue(value.AsInt64);
                break;
            case ContextValueKind.Double:
                json.WriteNumberValue(value.AsDouble);
                break;
            case ContextValueKind.List:
                json.WriteStartArray();
                foreach (var item in value.AsList)
                    WriteValue(json, item);
                json.WriteEndArray();
                break;
            case ContextValueKind.Map:
                WriteMap(json, value);
                break;
            default:
                json.WriteStringValue(value.Kind == ContextValueKind.String
                    ? value.AsString
                    : Units.Time(value.AsTimestamp));
                break;
        }
    }

    private static void WriteEntity(Utf8JsonWriter json, EntityResult entity, ContextResult answer)
    {
        json.WriteString("type", entity.Id.Type);
        json.WriteString("key", entity.Id.Key);
        json.WriteNumber("definition_version", entity.DefinitionVersion);
        json.WriteNumber("head_ms", entity.Head.ToUnixTimeMilliseconds());
        WriteTime(json, "newest_event_ms", entity.NewestEvent);
        json.WriteStartObject("features");
        foreach (var feature in entity)
        {
            json.WriteStartObject(feature.Name);
            json.WritePropertyName("value");
            WriteValue(json, feature.Value);
            json.WriteString("status", Units.Status(feature.Status));
            WriteTime(json, "event_time_ms", feature.EventTime);
            if (feature.Age is { } age)
                json.WriteNumber("age_ms", (long)age.TotalMilliseconds);
            if (feature.IsApproximate)
                json.WriteBoolean("approximate", true);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartArray("degraded");
        foreach (var reason in entity.Degraded)
            json.WriteStringValue(reason);
        json.WriteEndArray();
        WriteSources(json, entity, answer);
    }

    private static void WriteSources(Utf8JsonWriter json, EntityResult entity, ContextResult answer)
    {
        json.WriteStartArray("positions");
        foreach (var position in entity.Positions)
        {
            json.WriteStartObject();
            json.WriteString("topic", position.Topic);
            json.WriteNumber("partition", position.Partition);
            json.WriteNumber("offset", position.Offset);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("sources");
        foreach (var source in answer.Sources)
        {
            json.WriteStartObject();
            json.WriteString("topic", source.Topic);
            json.WriteNumber("partition", source.Partition);
            json.WriteNumber("applied_offset", source.AppliedOffset);
            json.WriteNumber("lag_records", source.LagRecords);
            json.WriteNumber("lag_ms", source.LagMs);
            json.WriteNumber("gaps", source.Gaps.Count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMap(Utf8JsonWriter json, ContextValue value)
    {
        json.WriteStartArray();
        foreach (var (category, item) in value.AsMap)
        {
            json.WriteStartObject();
            json.WritePropertyName("key");
            WriteValue(json, category);
            json.WritePropertyName("value");
            WriteValue(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } value)
            json.WriteNumber(name, value.ToUnixTimeMilliseconds());
        else
            json.WriteNull(name);
    }
}
