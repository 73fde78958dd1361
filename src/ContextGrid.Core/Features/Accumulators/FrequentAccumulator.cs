using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// Counts by value, exact up to 256 different values. Beyond, a new value takes the place and the count of the least
/// frequent one (Metwally et al., "Efficient computation of frequent and top-k elements", ICDT 2005: space-saving);
/// the result is then approximate, each count too high by at most 1/256 of the rows, and depends on the order of rows.
/// </summary>
internal sealed class FrequentAccumulator(int column, ValueKind kind) : Accumulator
{
    private const int CountMax = 256;

    private SlotList<Entry> _entries; // By hash, then value.
    private bool _overflowed;

    /// <inheritdoc/>
    public override bool IsApproximate => _overflowed;

    /// <summary>The k most frequent values, ties by value ascending; null without rows.</summary>
    public Value MostFrequent(int k, ResultArena arena)
    {
        ReadOnlySpan<Entry> entries = _entries.Items;
        if (entries.IsEmpty)
        {
            return Value.Null;
        }

        Span<int> best = stackalloc int[Math.Min(Math.Max(k, 1), entries.Length)];
        int used = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            int place = used;
            while (place > 0 && IsBefore(entries[i], entries[best[place - 1]]))
            {
                place--;
            }

            if (place < best.Length)
            {
                best[place..Math.Min(used, best.Length - 1)].CopyTo(best[(place + 1)..]);
                best[place] = i;
                used = Math.Min(used + 1, best.Length);
            }
        }

        (Value[] items, int start) = arena.TakeList(used);
        for (int i = 0; i < used; i++)
        {
            items[start + i] = entries[best[i]].Value.ToValue(arena);
        }

        return Value.List(items, start, used);
    }

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (value.IsNull)
        {
            return;
        }

        ulong hash = ValueHash.Of(value);
        int index = LowerBound(hash);
        Span<Entry> entries = _entries.Items;
        for (; index < entries.Length && entries[index].Hash == hash; index++)
        {
            int compared = entries[index].Value.Compare(value);
            if (compared >= 0)
            {
                if (compared == 0)
                {
                    entries[index].Count++;
                    return;
                }

                break;
            }
        }

        ref Entry entry = ref Insert(index, hash, 1);
        entry.Value.Set(value);
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var frequent = (FrequentAccumulator)other;
        foreach (ref readonly Entry entry in frequent._entries.Items)
        {
            MergeEntry(entry);
        }

        _overflowed |= frequent._overflowed;
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        _entries.Clear();
        _overflowed = false;
    }

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Varint(((ulong)_entries.Count << 1) | (_overflowed ? 1UL : 0));
        foreach (ref readonly Entry entry in _entries.Items)
        {
            writer.UInt64(entry.Hash);
            writer.Varint((ulong)entry.Count);
            entry.Value.Write(writer);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        int header = reader.Count(2 * CountMax + 1);
        for (int i = 0; i < header >> 1; i++)
        {
            ref Entry entry = ref _entries.Open(i, CountMax);
            entry.Hash = reader.UInt64();
            entry.Count = (long)(reader.Varint() & long.MaxValue);
            entry.Value.Read(ref reader, kind);
            if (i > 0 && entry.Hash < _entries.Items[i - 1].Hash)
            {
                throw new SnapshotFormatException("Counted values are not in the order of their hashes.");
            }
        }

        _overflowed = (header & 1) != 0;
    }

    private static bool IsBefore(in Entry a, in Entry b) =>
        a.Count != b.Count ? a.Count > b.Count : a.Value.Compare(b.Value) < 0;

    private void MergeEntry(in Entry other)
    {
        int index = LowerBound(other.Hash);
        Span<Entry> entries = _entries.Items;
        for (; index < entries.Length && entries[index].Hash == other.Hash; index++)
        {
            int compared = entries[index].Value.Compare(other.Value);
            if (compared >= 0)
            {
                if (compared == 0)
                {
                    entries[index].Count += other.Count;
                    return;
                }

                break;
            }
        }

        Insert(index, other.Hash, other.Count).Value.Set(other.Value);
    }

    /// <summary>Opens an entry at its place; of a full map the least frequent goes, and hands its count on.</summary>
    private ref Entry Insert(int index, ulong hash, long count)
    {
        ref Entry entry = ref _entries.Count < CountMax
            ? ref _entries.Open(index, CountMax)
            : ref Replace(index, ref count);
        entry.Hash = hash;
        entry.Count = count;
        return ref entry;
    }

    private ref Entry Replace(int index, scoped ref long count)
    {
        _overflowed = true;
        ReadOnlySpan<Entry> entries = _entries.Items;
        int least = 0;
        for (int i = 1; i < entries.Length; i++)
        {
            least = entries[i].Count < entries[least].Count ? i : least;
        }

        count += entries[least].Count;
        return ref _entries.Move(least, least < index ? index - 1 : index);
    }

    private int LowerBound(ulong hash)
    {
        // As in SortedSearch, without a branch that depends on the data.
        ReadOnlySpan<Entry> entries = _entries.Items;
        int low = 0;
        for (int rest = entries.Length; rest > 0;)
        {
            int half = (rest + 1) >> 1;
            low += half & -(entries[low + half - 1].Hash < hash ? 1 : 0);
            rest -= half;
        }

        return low;
    }

    private struct Entry
    {
        public ulong Hash;
        public long Count;
        public KeptValue Value;
    }
}
