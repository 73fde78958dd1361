using ContextGrid.Core.Expressions;
using ContextGrid.Core.Features.Accumulators;

namespace ContextGrid.Core.Queries;

/// <summary>
/// Where the texts and lists of answers live until <see cref="Reset"/>. One thread at a time; reused.
/// </summary>
public sealed class AnswerArena
{
    /// <summary>About how many bytes the buffers hold, used or not.</summary>
    public long BufferBytes => Texts.BufferBytes + Results.BufferBytes;

    /// <summary>Texts made by derived features.</summary>
    internal ExpressionScratch Texts { get; } = new();

    /// <summary>Texts and lists of aggregates.</summary>
    internal ResultArena Results { get; } = new();

    /// <summary>Invalidates all values that were answered into this arena.</summary>
    public void Reset()
    {
        Texts.Reset();
        Results.Reset();
    }
}
