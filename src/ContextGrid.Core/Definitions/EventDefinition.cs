using System.Collections.Immutable;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>How records of a topic become events.</summary>
/// <param name="Name">The event's name.</param>
/// <param name="Topic">The topic that holds it; one event a topic.</param>
/// <param name="Format">The encoding of the payload.</param>
/// <param name="TimestampField">
/// Index in <paramref name="Fields"/> of the event time; −1: the record's own time.
/// </param>
/// <param name="IdField">Index of the producer's id; −1: none, and nothing is deduplicated.</param>
/// <param name="DedupeMs">
/// How long, in log time, a producer's id is remembered; milliseconds. Default 10 minutes.
/// </param>
/// <param name="KeyField">Index of the field that partitions the topic at publish; −1: none.</param>
/// <param name="FutureMsMax">How far the event time may be ahead of the record's log time. Default 10 seconds.</param>
/// <param name="Owner">Who answers for the event; may be null.</param>
/// <param name="Fields">The declared fields, in the order of the file.</param>
public sealed record EventDefinition(
    string Name,
    string Topic,
    EventFormat Format,
    int TimestampField,
    int IdField,
    long DedupeMs,
    int KeyField,
    long FutureMsMax,
    string? Owner,
    ImmutableArray<FieldDefinition> Fields)
{
    /// <summary>Whether a producer's retries are known by an id; a CloudEvent has one without a field of it.</summary>
    public bool HasIds => IdField >= 0 || Format == EventFormat.CloudEvents;

    /// <summary>Within what a producer's id must be unique; <see cref="IdScope.None"/> without ids.</summary>
    public IdScope IdScope => !HasIds ? IdScope.None : IdsPerKey && KeyField >= 0 ? IdScope.Key : IdScope.Partition;

    /// <summary>Where new state begins in the topic; default: at the first retained record.</summary>
    public EventStart Start { get; init; }

    /// <summary>
    /// The record time at which new state begins, milliseconds since the Unix epoch; of <see cref="EventStart.Time"/>.
    /// </summary>
    public long StartMs { get; init; }

    /// <summary>What becomes of a record without a value; default: it is counted and passed over.</summary>
    public TombstoneRule Tombstone { get; init; }

    /// <summary>Whether the definition scopes ids by the field that partitions the topic.</summary>
    internal bool IdsPerKey { get; init; }
}

/// <summary>Where new state begins in a topic.</summary>
public enum EventStart
{
    /// <summary>At the first retained record.</summary>
    Earliest = 0,

    /// <summary>Behind the last record that is there when state begins.</summary>
    Latest = 1,

    /// <summary>At the first record whose time is not before a given one.</summary>
    Time = 2,
}

/// <summary>What becomes of a tombstone: a record with a key and no value, as a compacted topic has for a key that is
/// deleted.</summary>
public enum TombstoneRule
{
    /// <summary>It is counted and passed over.</summary>
    Ignore = 0,

    /// <summary>It is a dead letter.</summary>
    DeadLetter = 1,
}

/// <summary>Within what a producer's id names one event.</summary>
public enum IdScope
{
    /// <summary>The event has no ids: every record counts.</summary>
    None = 0,

    /// <summary>One partition of the topic.</summary>
    Partition = 1,

    /// <summary>One key, on one partition: equal ids of two keys are two events.</summary>
    Key = 2,
}

/// <summary>One declared field.</summary>
/// <param name="Name">The field's name, which expressions use.</param>
/// <param name="Type">Bool, Int64, Double, String, Timestamp or List.</param>
/// <param name="DataClass">The data class such as <c>pii</c>; null when none.</param>
public sealed record FieldDefinition(string Name, ValueKind Type, string? DataClass)
{
    /// <summary>The unit of numbers in a Timestamp, or in an Int64 that is the event time.</summary>
    public TimeUnit Unit { get; init; }

    /// <summary>Where its value is read; default: the path that its name says.</summary>
    public FieldSource Source { get; init; } = FieldSource.OfName(Name);

    /// <summary>Names of the fields of which the first that is not null counts where this one is null; default: none.
    /// </summary>
    public ImmutableArray<string> Alternatives { get; init; } = [];

    /// <summary><c>; did you mean 'x'?</c> and the like, for a field that was not found by its name.</summary>
    internal static string Suggest(string found, IEnumerable<FieldDefinition> fields)
    {
        FieldDefinition[] known = [.. fields];
        FieldDefinition? reader = Array.Find(known, f => f.Source.Text == found);
        string nearest = reader is null ? NearestName.Suggest(found, known.Select(f => f.Name)) : "";
        return reader is not null ? $"; the field '{reader.Name}' is read from there"
            : found.Contains('.', StringComparison.Ordinal) && !nearest.StartsWith("; did", StringComparison.Ordinal)
                ? $"; declare it among the event's fields: '{found}: TYPE', or 'NAME: TYPE from {found}'"
            : nearest;
    }
}

/// <summary>The encoding of a payload.</summary>
public enum EventFormat
{
    /// <summary>One JSON object a record.</summary>
    Json = 0,

    /// <summary>Avro with a schema registry id.</summary>
    Avro = 1,

    /// <summary>Protobuf with a schema registry id.</summary>
    Protobuf = 2,

    /// <summary>One CloudEvent in JSON (structured mode) a record; the fields are members of its data.</summary>
    CloudEvents = 3,
}
