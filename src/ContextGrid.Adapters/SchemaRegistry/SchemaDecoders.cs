using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>Makes decoders for every format, with one client of a schema registry behind them. Thread-safe.</summary>
/// <param name="registry">The client; it must outlive the decoders.</param>
public sealed class SchemaDecoders(SchemaRegistryClient registry)
{
    /// <summary>The decoder of an event; an <see cref="EventDecoderFactory"/>.</summary>
    public IEventDecoder Create(DefinitionSet definitions, int eventIndex) =>
        definitions.Events[eventIndex].Format is EventFormat.Avro or EventFormat.Protobuf
            ? new SchemaEventDecoder(registry, definitions, eventIndex)
            : PlainDecoders.Create(definitions, eventIndex);
}
