namespace ContextGrid.Runtime.Codecs;

/// <summary>What is wrong with a payload, in numbers only. <c>default</c>: nothing.</summary>
/// <param name="Error">What.</param>
/// <param name="Hint">What exactly.</param>
/// <param name="Field">The field's index; −1: none.</param>
/// <param name="Position">Where, in bytes from the payload's start.</param>
/// <param name="FoundStart">Where the thing starts that was found.</param>
/// <param name="FoundLength">Its length in bytes.</param>
internal readonly record struct Fault(
    DecodeError Error, DecodeHint Hint, int Field, int Position, int FoundStart, int FoundLength)
{
    /// <summary>How many members of the field's path lead to what is wrong; 0: all.</summary>
    internal int Members { get; init; }
}
