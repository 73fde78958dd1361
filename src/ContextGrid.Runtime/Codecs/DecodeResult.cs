using ContextGrid.Core.Definitions;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// The outcome of decoding one payload. Small to pass on; the message is built when it is asked for, from the payload's
/// buffer, so ask while that buffer still holds the payload.
/// </summary>
public readonly struct DecodeResult
{
    /// <summary>The outcome of a good event.</summary>
    internal static readonly DecodeResult Good = new() { KeysKnown = true };

    /// <summary>What was wrong; <see cref="DecodeError.None"/> when the event is good.</summary>
    public DecodeError Error { get; internal init; }

    /// <summary>Whether the event is good.</summary>
    public bool Succeeded => Error == DecodeError.None;

    /// <summary>
    /// Whether every key field of the record is determined (a value, or null for an entity that the event is not
    /// about), also when the event is refused: then the refused event can be charged to the entities it was meant for.
    /// When false, the key fields that could not be determined are null.
    /// </summary>
    public bool KeysKnown { get; internal init; }

    /// <summary>
    /// The index of the field that is wrong, in the event definition; −1 when it is not about one field.
    /// </summary>
    public int FieldIndex { get; internal init; }

    /// <summary>How many members of the field's path lead to what is wrong; 0: all.</summary>
    internal int Members { get; init; }

    /// <summary>Where in the payload, in bytes from its start.</summary>
    public int Position { get; internal init; }

    /// <summary>The stable code, such as <c>wrong_type</c>; empty when the event is good.</summary>
    public string Reason => Error.Reason();

    /// <summary>
    /// What was wrong, where, what was found and what was meant; empty when the event is good. Allocates.
    /// </summary>
    public string Message => Succeeded ? "" : DecodeMessage.Build(this);

    /// <summary>The definition that the payload was decoded by.</summary>
    internal EventDefinition? Definition { get; init; }

    internal DecodeHint Hint { get; init; }

    /// <summary>The buffer and the slice of it that was found instead of what was meant.</summary>
    internal byte[]? Buffer { get; init; }

    internal int FoundStart { get; init; }

    internal int FoundLength { get; init; }

    /// <summary>What was found in words, where that is not the payload's own text.</summary>
    internal string? FoundText { get; init; }

    /// <summary>The log time that the event time was judged against, milliseconds.</summary>
    internal long RecordTimeMs { get; init; }

    /// <summary>The event time that was judged, milliseconds.</summary>
    internal long EventTimeMs { get; init; }
}
