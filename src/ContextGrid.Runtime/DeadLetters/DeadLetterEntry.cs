using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>A dead letter that was written.</summary>
/// <param name="Id">Its number: its offset in the dead-letter topic.</param>
/// <param name="Letter">What was written.</param>
/// <param name="ValueBytes">The size of the original value; larger than the letter's when that was cut.</param>
public sealed record DeadLetterEntry(long Id, DeadLetter Letter, long ValueBytes)
{
    /// <summary>What has become of it.</summary>
    public LetterState State { get; init; } = LetterState.Open;

    /// <summary>What the state refers to, where the reader looked it up; null: nothing, or it did not.</summary>
    public LetterMark? Mark { get; init; }

    /// <summary>The letter that is about the same record, for <see cref="LetterState.Same"/>; −1: none.</summary>
    public long SameAs { get; init; } = -1;
}
