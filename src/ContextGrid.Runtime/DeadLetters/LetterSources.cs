using System.Runtime.InteropServices;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>
/// Which letter is about which record of the log: a record that is read again after a crash or a rebuild becomes a
/// letter again, and must not be retried twice. 16 bytes a record, sorted by offset for each partition; letters come
/// mostly in the order of their records, so that a new one goes to the end. One thread at a time.
/// </summary>
internal sealed class LetterSources
{
    private readonly Dictionary<TopicPartition, Rows> _partitions = [];

    /// <summary>How many records are known.</summary>
    public int Count { get; private set; }

    /// <summary>The letter of a record.</summary>
    /// <param name="source">The record's partition.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="letter">The letter's number.</param>
    /// <param name="isDecided">Whether it was retried or discarded; then it stays known when it is no longer
    /// kept.</param>
    public bool TryFind(TopicPartition source, long offset, out long letter, out bool isDecided)
    {
        Rows? rows = _partitions.GetValueOrDefault(source);
        int at = rows is null ? -1 : rows.Offsets.BinarySearch(offset);
        long packed = at < 0 ? -1 : rows!.Letters[at]; // Found only where there are rows.
        (letter, isDecided) = (packed >> 1, (packed & 1) != 0);
        return at >= 0;
    }

    /// <summary>Notes the letter of a record.</summary>
    public void Set(TopicPartition source, long offset, long letter, bool isDecided)
    {
        ref Rows? rows = ref CollectionsMarshal.GetValueRefOrAddDefault(_partitions, source, out _);
        rows ??= new Rows();
        long packed = (letter << 1) | (isDecided ? 1L : 0);
        int at = rows.Offsets.BinarySearch(offset);
        if (at >= 0)
        {
            rows.Letters[at] = packed;
            return;
        }

        rows.Offsets.Insert(~at, offset);
        rows.Letters.Insert(~at, packed);
        Count++;
    }

    /// <summary>Forgets records whose letters are no longer kept.</summary>
    /// <param name="first">The first letter that is kept.</param>
    /// <param name="withDecided">Whether also those are forgotten that were decided about.</param>
    public void Trim(long first, bool withDecided)
    {
        foreach ((TopicPartition source, Rows rows) in _partitions)
        {
            int kept = 0;
            for (int i = 0; i < rows.Letters.Count; i++)
            {
                bool isDecided = (rows.Letters[i] & 1) != 0;
                if (rows.Letters[i] >> 1 >= first || (isDecided && !withDecided))
                {
                    (rows.Offsets[kept], rows.Letters[kept]) = (rows.Offsets[i], rows.Letters[i]);
                    kept++;
                }
            }

            Count -= rows.Letters.Count - kept;
            rows.Cut(kept);
            if (kept == 0)
            {
                _partitions.Remove(source);
            }
        }
    }

    private sealed class Rows
    {
        internal List<long> Offsets { get; } = [];

        internal List<long> Letters { get; } = [];

        internal void Cut(int length)
        {
            Offsets.RemoveRange(length, Offsets.Count - length);
            Letters.RemoveRange(length, Letters.Count - length);
            Offsets.TrimExcess();
            Letters.TrimExcess();
        }
    }
}
