using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// The dead letters whose retries a partition has seen, so that each counts once. Marks among the dead letters keep two
/// processes from retrying one letter; this closes what they can't: an append that a process or a broker was paused in
/// for so long that another process took the letter over. Both records are then in this partition, and the first
/// counts. Owned by the partition's cursor; one thread at a time.
/// </summary>
internal sealed class RetriedLetters
{
    /// <summary>The most letters that are remembered: two retries of one are minutes apart, and a retry of many takes
    /// at most some hundred a second.</summary>
    internal const int LettersMax = 65_536;

    private readonly Dictionary<ulong, long> _offsets = [];
    private readonly Queue<ulong> _order = new();

    /// <summary>Whether a record is the retry of a letter that an earlier record has retried.</summary>
    /// <param name="headers">The record's headers.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="offset">Its offset; a record that is read again is no second one.</param>
    internal bool IsSecond(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> payload, long offset)
    {
        if (!LogHeaders.TryFind(headers, "contextgrid.retry.of"u8, out ReadOnlySpan<byte> letter)
            || !LogHeaders.TryFind(headers, "contextgrid.retry.source"u8, out ReadOnlySpan<byte> source))
        {
            return false;
        }

        // A number alone may be that of another topic of dead letters, such as one that was made anew. Of a letter that
        // was refused at publish there is no place, and the payload takes its part.
        ulong key = StableHash.Of(letter) ^ (StableHash.Of(source) * 31)
            ^ (source.Contains((byte)'@') ? 0 : StableHash.Of(payload) * 961);
        if (_offsets.TryGetValue(key, out long first))
        {
            return offset > first;
        }

        if (_order.Count == LettersMax)
        {
            _offsets.Remove(_order.Dequeue());
        }

        _offsets[key] = offset;
        _order.Enqueue(key);
        return false;
    }
}
