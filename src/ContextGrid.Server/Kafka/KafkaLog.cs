using ContextGrid.Adapters.Kafka;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Server.Kafka;

/// <summary>Puts Kafka in the place of the built-in log.</summary>
/// <param name="kafka">Reads how to connect; null: the built-in log.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">Makes the log's logger.</param>
internal sealed class KafkaLog(Func<KafkaOptions>? kafka, TimeProvider time, ILoggerFactory loggers)
{
    private KafkaEventLog? _opened;

    /// <summary>The host's options with the log that was chosen.</summary>
    /// <exception cref="HostStartException">Outputs have no place to write to.</exception>
    internal EmbeddedHostOptions PutInto(EmbeddedHostOptions options)
    {
        Dictionary<string, int> outputs = Outputs(options.Definitions);
        return kafka is null ? options : options with
        {
            Log = async token => _opened = await KafkaEventLog.OpenAsync(
                Checked(kafka(), options.Definitions, outputs) with
                {
                    CreateCompacted = outputs, Sources = options.Definitions.Topics,
                }, time,
                loggers.CreateLogger<KafkaEventLog>(), token).ConfigureAwait(false),
        };
    }

    /// <summary>Shows lag tools what is durable.</summary>
    internal void Show(IGridHost host) => _opened?.ShowDurable(() => host.State.Durable);

    // A dead letter that is read as an event, or an event as a dead letter, would never end.
    private static KafkaOptions Checked(
        KafkaOptions options, DefinitionSet definitions, Dictionary<string, int> outputs)
    {
        foreach (string topic in definitions.Topics.Concat(outputs.Keys))
        {
            Require(
                topic != DeadLetterTopic.Name && topic != options.DeadLetters,
                $"The definitions use the topic '{topic}', which has the dead letters; name another one there, or, "
                + $"unless it is '{DeadLetterTopic.Name}', with --dead-letter-topic.");
        }

        return options;
    }

    private Dictionary<string, int> Outputs(DefinitionSet definitions)
    {
        var outputs = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (EntityDefinition entity in definitions.Entities)
        {
            foreach (OutputDefinition output in entity.Outputs)
            {
                string name = $"Output '{output.Name}' of entity '{entity.Name}'";
                Require(kafka is not null, $"{name} writes to a topic of Kafka; "
                    + "start with --kafka HOST:PORT, or take the output out of the definitions.");
                outputs[output.Topic] = output.Partitions;
            }
        }

        return outputs;
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new HostStartException(otherwise);
        }
    }
}
