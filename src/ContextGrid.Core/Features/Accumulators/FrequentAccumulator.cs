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
    private CounterList _counters;

    /// <inheritdoc/>
    public override bool IsApproximate => _counters.HasOverflowed;

    /// <summary>The k most frequent values, ties by value ascending; null without rows.</summary>
    public Value MostFrequent(int k, ResultArena arena)
    {
        ReadOnlySpan<CounterList.Counter> entries = _counters.Items;
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

    internal override long KeptCount => _counters.Count;

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (value.IsNull)
        {
            return;
        }

        ulong hash = ValueHash.Of(value);
        int index = _counters.LowerBound(hash);
        int order = 1;
        ReadOnlySpan<CounterList.Counter> counters = _counters.Items;
        for (; index < counters.Length && counters[index].Hash == hash; index++)
        {
            order = counters[index].Value.Compare(value);
            if (order >= 0)
            {
                break;
            }
        }

        if (order == 0)
        {
            _counters.Items[index].Count++;
        }
        else
        {
            _counters.Insert(index, hash, 1).Value.Set(value);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var frequent = (FrequentAccumulator)other;
        foreach (ref readonly CounterList.Counter counter in frequent._counters.Items)
        {
            Merge(counter);
        }

        _counters.HasOverflowed |= frequent._counters.HasOverflowed;
    }

    /// <inheritdoc/>
    public override void Clear() => _counters.Clear();

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Varint(((ulong)_counters.Count << 1) | (_counters.HasOverflowed ? 1UL : 0));
        foreach (ref readonly CounterList.Counter entry in _counters.Items)
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
        int header = reader.Count(2 * CounterList.CountMax + 1);
        for (int i = 0; i < header >> 1; i++)
        {
            ref CounterList.Counter entry = ref _counters.Open(i);
            entry.Hash = reader.UInt64();
            entry.Count = (long)(reader.Varint() & long.MaxValue);
            entry.Value.Read(ref reader, kind);
            if (i > 0 && entry.Hash < _counters.Items[i - 1].Hash)
            {
                throw new SnapshotFormatException("Counted values are not in the order of their hashes.");
            }
        }

        _counters.HasOverflowed = (header & 1) != 0;
    }

    private void Merge(in CounterList.Counter other)
    {
        int index = _counters.LowerBound(other.Hash);
        int order = 1;
        ReadOnlySpan<CounterList.Counter> counters = _counters.Items;
        for (; index < counters.Length && counters[index].Hash == other.Hash; index++)
        {
            order = counters[index].Value.Compare(other.Value);
            if (order >= 0)
            {
                break;
            }
        }

        if (order == 0)
        {
            _counters.Items[index].Count += other.Count;
        }
        else
        {
            _counters.Insert(index, other.Hash, other.Count).Value.Set(other.Value);
        }
    }

    private static bool IsBefore(in CounterList.Counter a, in CounterList.Counter b) =>
        a.Count != b.Count ? a.Count > b.Count : a.Value.Compare(b.Value) < 0;
}
