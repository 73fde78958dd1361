using System.Buffers;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Outputs;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Adapters.SchemaRegistry.Outputs;

/// <summary>
/// Writes an entity's values as Avro by <see cref="AvroOutputSchema"/>, framed by the schema's id as Confluent's
/// serializers do it. The schema is registered before the first value, under the subject <c>TOPIC-value</c>.
/// </summary>
/// <param name="registry">Takes the schema.</param>
/// <param name="output">The output.</param>
/// <param name="selection">What is written.</param>
public sealed class AvroOutputEncoder(
    SchemaRegistryClient registry, OutputDefinition output, FeatureSelection selection) : IOutputEncoder
{
    private readonly string _schema = AvroOutputSchema.Of(output, selection);
    private readonly ValueKind[] _kinds =
        [.. selection.Features.Select(f => selection.Plan.Features[f].Definition.Type)];

    private int _id = -1;

    /// <inheritdoc/>
    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        if (_id < 0)
        {
            _id = await registry.RegisterAsync($"{output.Topic}-value", _schema, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Encode(ContextAnswer answer, int index, ReadOnlySpan<byte> key, IBufferWriter<byte> to)
    {
        var writer = new AvroBytes(to);
        writer.Frame(_id);
        writer.Text(Encoding.UTF8.GetBytes(selection.Plan.Definition.Name));
        writer.Text(key);
        writer.Long(answer.Header(index).HeadMs);
        writer.Bool(answer.IsDegraded(index));
        ReadOnlySpan<Value> values = answer.Values(index);
        for (int i = 0; i < values.Length; i++)
        {
            writer.Nullable(_kinds[i], values[i]);
        }

        WriteTimes(ref writer, answer.EventTimesMs(index));
        WriteStatuses(ref writer, answer.Statuses(index));
    }

    private void WriteTimes(ref AvroBytes writer, ReadOnlySpan<long> timesMs)
    {
        int count = timesMs.Length - timesMs.Count(EventTimes.None);
        writer.Begin(count);
        for (int i = 0; i < timesMs.Length; i++)
        {
            if (timesMs[i] != EventTimes.None)
            {
                writer.Text(Encoding.UTF8.GetBytes(selection.Names[i]));
                writer.Long(timesMs[i]);
            }
        }

        writer.End();
    }

    private void WriteStatuses(ref AvroBytes writer, ReadOnlySpan<FeatureStatus> statuses)
    {
        int count = statuses.Length - statuses.Count(FeatureStatus.Present);
        writer.Begin(count);
        for (int i = 0; i < statuses.Length; i++)
        {
            if (statuses[i] != FeatureStatus.Present)
            {
                writer.Text(Encoding.UTF8.GetBytes(selection.Names[i]));
                writer.Text(Encoding.UTF8.GetBytes(StatusText.Of(statuses[i])));
            }
        }

        writer.End();
    }
}
