using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>
/// Looks up letters one by one, with their payloads and what was decided about them; quickly when they are asked for by
/// growing number. One thread at a time; of one turn of the service.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="index">Knows the states; the caller has brought it up to date.</param>
internal sealed class LetterLookup(IEventLog log, LetterIndex index) : IAsyncDisposable
{
    private readonly LetterCursor _letters = new(log, index.Slots.Next);
    private readonly LetterCursor _marks = new(log, index.Slots.Next);

    /// <summary>One letter; null: there is none.</summary>
    internal async ValueTask<DeadLetterEntry?> GetAsync(long id, CancellationToken cancellationToken)
    {
        LetterState state = index.Slots.StateOf(id);
        int at = state == LetterState.None ? -1 : await _letters.FindAsync(id, cancellationToken);
        if (at < 0)
        {
            return null;
        }

        DeadLetterEntry entry = DeadLetterHeaders.Decode(_letters.Batch, at) with { State = state };
        long refersTo = index.Slots.RefersTo(id);
        if (refersTo < 0 || state == LetterState.Same)
        {
            return refersTo < 0 ? entry : entry with { SameAs = refersTo };
        }

        int mark = await _marks.FindAsync(refersTo, cancellationToken);
        return entry with { Mark = mark < 0 ? null : LetterMark.Decode(_marks.Batch, mark) };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _letters.DisposeAsync();
        await _marks.DisposeAsync();
    }
}
