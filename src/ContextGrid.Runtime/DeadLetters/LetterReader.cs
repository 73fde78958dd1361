using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>Reads letters and marks out of the dead-letter topic. One thread at a time.</summary>
/// <param name="log">The log.</param>
/// <param name="index">Knows the states; the caller has brought it up to date.</param>
internal sealed class LetterReader(IEventLog log, LetterIndex index)
{
    /// <summary>The most letters that one listing looks at, so that a rare filter stays cheap.</summary>
    internal const int ScanMax = 100_000;

    /// <summary>The most bytes of payloads that one listing looks at.</summary>
    internal const long ScanBytesMax = 64 * 1024 * 1024;

    // A piece of a listing is read by one reader. Pieces grow while their payloads are small.
    private const int ChunkMin = 256, ChunkMax = 8192;
    private const long ChunkBytes = 4 * 1024 * 1024;

    /// <summary>Letters of a filter, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">Only letters with smaller numbers; null: all.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    internal async ValueTask<DeadLetterPage> ListAsync(
        DeadLetterFilter filter, long? before, int limit, CancellationToken cancellationToken)
    {
        LetterSlots slots = index.Slots;
        var found = new List<DeadLetterEntry>();
        var looked = new Looked();
        long end = Math.Min(before ?? slots.Next, slots.Next);
        int size = ChunkMin;
        while (end > slots.First && found.Count < limit && looked.Letters < ScanMax && looked.Bytes < ScanBytesMax)
        {
            long from = Math.Max(slots.First, end - size);
            if (slots.HasAny(from, end, filter.States))
            {
                long bytes = looked.Bytes;
                List<DeadLetterEntry> chunk = await ReadAsync(filter, from, end, looked, cancellationToken);
                chunk.Reverse();
                found.AddRange(chunk);
                size = looked.Bytes - bytes < ChunkBytes ? Math.Min(2 * size, ChunkMax) : ChunkMin;
            }

            end = from;
        }

        if (found.Count > limit)
        {
            found.RemoveRange(limit, found.Count - limit);
            end = found[^1].Id;
        }

        return new DeadLetterPage(found, end > slots.First ? end : null, Counts());
    }

    /// <summary>One letter with its payload and what was decided about it; null: there is none.</summary>
    internal async ValueTask<DeadLetterEntry?> GetAsync(long id, CancellationToken cancellationToken)
    {
        await using LetterLookup lookup = LookUp();
        return await lookup.GetAsync(id, cancellationToken);
    }

    /// <summary>For several letters, by growing number. The caller disposes it within its turn.</summary>
    internal LetterLookup LookUp() => new(log, index);

    internal DeadLetterCounts Counts() => new(
        index.Slots.Count(LetterState.Open),
        index.Slots.Count(LetterState.Retrying),
        index.Slots.Count(LetterState.Retried),
        index.Slots.Count(LetterState.Discarded),
        index.Untracked);

    private async ValueTask<List<DeadLetterEntry>> ReadAsync(
        DeadLetterFilter filter, long from, long end, Looked looked, CancellationToken cancellationToken)
    {
        var found = new List<DeadLetterEntry>();
        await using var scan = new LogScan(log, LetterIndex.Topic, from, end);
        while (await scan.ReadAsync(cancellationToken))
        {
            for (int i = 0; i < scan.Count; i++)
            {
                looked.Letters++;
                looked.Bytes += scan.Batch[i].ValueLength;
                LetterState state = index.Slots.StateOf(scan.Batch[i].Offset);
                if (filter.States.Has(state) && state != LetterState.None)
                {
                    DeadLetterEntry entry = DeadLetterHeaders.Decode(scan.Batch, i, withValue: false);
                    if (filter.Matches(entry.Letter, scan.Batch.Value(i)))
                    {
                        found.Add(entry with { State = state });
                    }
                }
            }
        }

        return found;
    }

    /// <summary>How much one listing has looked at.</summary>
    private sealed class Looked
    {
        internal long Letters { get; set; }

        internal long Bytes { get; set; }
    }
}
