namespace ContextGrid.Core.Model;

/// <summary>
/// One decoded event: the fields that some definition uses, and where and when it was. Mutable and reused by the thread
/// that decodes; whoever it is handed to may read it only during that call.
/// </summary>
public sealed class EventRecord
{
    /// <summary>Creates a record with room for the most fields that any event definition has.</summary>
    public EventRecord(int fieldCountMax) => Fields = new Value[fieldCountMax];

    /// <summary>The event's index in <see cref="Definitions.DefinitionSet.Events"/>.</summary>
    public int EventIndex { get; set; }

    /// <summary>
    /// Values by the field's index in its event definition; slots beyond that definition's fields are stale. A field
    /// that is absent, or that no definition uses, is null. Texts are slices of the record's bytes or of the decoder's
    /// scratch.
    /// </summary>
    public Value[] Fields { get; }

    /// <summary>The event's own time, milliseconds since the Unix epoch.</summary>
    public long EventTimeMs { get; set; }

    /// <summary>When the log took the record, milliseconds since the Unix epoch.</summary>
    public long LogTimeMs { get; set; }

    /// <summary>Where the record stands.</summary>
    public Position Position { get; set; }

    /// <summary>A 64-bit hash of the producer's id; 0 when the event has none.</summary>
    public ulong IdHash { get; set; }

    /// <summary>A 64-bit hash of the whole payload, to tell a retry from a conflicting reuse of an id.</summary>
    public ulong ContentHash { get; set; }
}
