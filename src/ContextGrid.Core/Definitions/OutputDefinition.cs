using System.Collections.Immutable;

namespace ContextGrid.Core.Definitions;

/// <summary>Features of an entity type that are written to a topic when an entity has changed.</summary>
/// <param name="Name">The output's name, unique in its entity.</param>
/// <param name="Topic">The topic, which no event and no other output has.</param>
/// <param name="Partitions">The partitions of the topic when it has to be made, 1–1,024.</param>
/// <param name="Format">How a value is written.</param>
/// <param name="IntervalMs">Changes of one entity within so long are one record; milliseconds, 100 to 60,000.</param>
/// <param name="Features">Indexes in <see cref="EntityDefinition.Features"/>, at least one.</param>
public sealed record OutputDefinition(
    string Name,
    string Topic,
    int Partitions,
    OutputFormat Format,
    long IntervalMs,
    ImmutableArray<int> Features);

/// <summary>How the values of an output are written.</summary>
public enum OutputFormat
{
    /// <summary>A JSON object.</summary>
    Json,

    /// <summary>An Avro record, framed by the id of its schema in the registry.</summary>
    Avro,
}
