using System.Buffers;
using System.Text.Json;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Outputs;

/// <summary>
/// An entity's values as one JSON object: <c>type</c>, <c>key</c>, <c>as_of_ms</c> (the end of its windows),
/// <c>values</c> by feature, <c>times_ms</c> (each value's newest event, where there is one), <c>statuses</c> of the
/// features that are not PRESENT, and <c>degraded</c> where events of the entity are missing.
/// </summary>
/// <param name="selection">What is written.</param>
internal sealed class JsonOutputEncoder(FeatureSelection selection) : IOutputEncoder
{
    /// <inheritdoc/>
    public ValueTask PrepareAsync(CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public void Encode(ContextAnswer answer, int index, ReadOnlySpan<byte> key, IBufferWriter<byte> to)
    {
        ref readonly ContextAnswer.EntityHeader header = ref answer.Header(index);
        using var json = new Utf8JsonWriter(to);
        json.WriteStartObject();
        json.WriteString("type", selection.Plan.Definition.Name);
        json.WriteString("key", key);
        json.WriteNumber("as_of_ms", header.HeadMs);
        WriteValues(json, answer.Values(index));
        WriteTimes(json, answer.EventTimesMs(index));
        WriteStatuses(json, answer.Statuses(index));
        if (answer.IsDegraded(index))
        {
            json.WriteBoolean("degraded", true);
        }

        json.WriteEndObject();
    }

    private void WriteValues(Utf8JsonWriter json, ReadOnlySpan<Value> values)
    {
        json.WriteStartObject("values");
        for (int i = 0; i < values.Length; i++)
        {
            json.WritePropertyName(selection.Names[i]);
            Write(json, values[i]);
        }

        json.WriteEndObject();
    }

    private void WriteTimes(Utf8JsonWriter json, ReadOnlySpan<long> timesMs)
    {
        json.WriteStartObject("times_ms");
        for (int i = 0; i < timesMs.Length; i++)
        {
            if (timesMs[i] != EventTimes.None)
            {
                json.WriteNumber(selection.Names[i], timesMs[i]);
            }
        }

        json.WriteEndObject();
    }

    private void WriteStatuses(Utf8JsonWriter json, ReadOnlySpan<FeatureStatus> statuses)
    {
        json.WriteStartObject("statuses");
        for (int i = 0; i < statuses.Length; i++)
        {
            if (statuses[i] != FeatureStatus.Present)
            {
                json.WriteString(selection.Names[i], StatusText.Of(statuses[i]));
            }
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, in Value value)
    {
        switch (value.Kind)
        {
            case ValueKind.Null:
                json.WriteNullValue();
                break;
            case ValueKind.Bool:
                json.WriteBooleanValue(value.Bool);
                break;
            case ValueKind.Double:
                json.WriteNumberValue(value.Double);
                break;
            case ValueKind.String:
                json.WriteStringValue(value.Utf8);
                break;
            case ValueKind.List:
                WriteList(json, value.Items);
                break;
            case ValueKind.Map:
                WriteMap(json, value.Items);
                break;
            default:
                json.WriteNumberValue(value.Int64);
                break;
        }
    }

    private static void WriteList(Utf8JsonWriter json, ReadOnlySpan<Value> items)
    {
        json.WriteStartArray();
        foreach (ref readonly Value item in items)
        {
            Write(json, item);
        }

        json.WriteEndArray();
    }

    // Categories that are no texts are named as messages name them.
    private static void WriteMap(Utf8JsonWriter json, ReadOnlySpan<Value> items)
    {
        json.WriteStartObject();
        for (int i = 0; i < items.Length; i += 2)
        {
            if (items[i].Kind == ValueKind.String)
            {
                json.WritePropertyName(items[i].Utf8);
            }
            else
            {
                json.WritePropertyName(items[i].ToString());
            }

            Write(json, items[i + 1]);
        }

        json.WriteEndObject();
    }
}
