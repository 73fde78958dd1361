using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// Up to 512 different values, ordered by hash, then value, each with a count and the smallest rank of its rows
/// (<see cref="RowRank"/>). In a full list the value of highest rank goes; so of more values the list is a sample in
/// which those of large weight are, whatever the order of rows.
/// </summary>
internal struct CounterList
{
    /// <summary>The most values.</summary>
    public const int CountMax = 512;

    private SlotList<Counter> _counters;
    private int _highest; // Index of the highest rank, plus one; 0: not known.

    /// <summary>How many values.</summary>
    public readonly int Count => _counters.Count;

    /// <summary>Whether there are as many values as there can be.</summary>
    public readonly bool IsFull => _counters.Count == CountMax;

    /// <summary>The counters.</summary>
    public readonly Span<Counter> Items => _counters.Items;

    /// <summary>Takes all values out and keeps their room.</summary>
    public void Clear()
    {
        _counters.Clear();
        _highest = 0;
    }

    /// <summary>
    /// The index of a value, or the complement of where it belongs.
    /// </summary>
    public readonly int Find(ulong hash, in Value value)
    {
        int index = LowerBound(hash);
        ReadOnlySpan<Counter> counters = Items;
        for (; index < counters.Length && counters[index].Hash == hash; index++)
        {
            int order = counters[index].Value.Compare(value);
            if (order >= 0)
            {
                return order == 0 ? index : ~index;
            }
        }

        return ~index;
    }

    /// <summary>The index of a value, or the complement of where it belongs.</summary>
    public readonly int Find(ulong hash, in KeptValue value)
    {
        int index = LowerBound(hash);
        ReadOnlySpan<Counter> counters = Items;
        for (; index < counters.Length && counters[index].Hash == hash; index++)
        {
            int order = counters[index].Value.Compare(value);
            if (order >= 0)
            {
                return order == 0 ? index : ~index;
            }
        }

        return ~index;
    }

    /// <summary>Opens a counter at an index of a list that is not full; its value is to be set.</summary>
    public ref Counter Insert(int index, ulong hash, long count, double rank)
    {
        _highest = 0;
        ref Counter counter = ref _counters.Open(index, CountMax);
        (counter.Hash, counter.Count, counter.Rank) = (hash, count, rank);
        return ref counter;
    }

    /// <summary>Takes a row of a value into the sample.</summary>
    public void Sample(double rank, ulong hash, in Value value)
    {
        if (IsAboveAll(rank))
        {
            return;
        }

        int index = Find(hash, value);
        if (index >= 0)
        {
            Lower(index, rank);
        }
        else if (!IsFull)
        {
            Insert(~index, hash, 0, rank).Value.Set(value);
        }
        else if (IsBeforeHighest(rank, hash, Items[_highest - 1].Value.Compare(value)))
        {
            Replace(~index, hash, rank).Value.Set(value);
        }
    }

    /// <summary>Takes the rows of a value of another list into the sample.</summary>
    public void Sample(double rank, ulong hash, in KeptValue value)
    {
        if (IsAboveAll(rank))
        {
            return;
        }

        int index = Find(hash, value);
        if (index >= 0)
        {
            Lower(index, rank);
        }
        else if (!IsFull)
        {
            Insert(~index, hash, 0, rank).Value.Set(value);
        }
        else if (IsBeforeHighest(rank, hash, Items[_highest - 1].Value.Compare(value)))
        {
            Replace(~index, hash, rank).Value.Set(value);
        }
    }

    /// <summary>Writes the values in order, with their counts when they have any.</summary>
    public readonly void Write(SnapshotWriter writer, bool withCounts)
    {
        foreach (ref readonly Counter counter in Items)
        {
            writer.UInt64(counter.Hash);
            writer.Double(counter.Rank);
            if (withCounts)
            {
                writer.Varint((ulong)counter.Count);
            }

            counter.Value.Write(writer);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote of so many values.</summary>
    public void Read(ref SnapshotReader reader, int count, ValueKind kind, bool withCounts)
    {
        Clear();
        for (int i = 0; i < count; i++)
        {
            ulong hash = reader.UInt64();
            double rank = reader.Double();
            long rows = withCounts ? (long)(reader.Varint() & long.MaxValue) : 0;
            Insert(i, hash, rows, rank).Value.Read(ref reader, kind);
            bool ascending = i == 0 || hash > Items[i - 1].Hash
                || (hash == Items[i - 1].Hash && Items[i - 1].Value.Compare(Items[i].Value) < 0);
            if (!ascending || !(rank > 0))
            {
                throw new SnapshotFormatException("Counted values are not in the order of their hashes.");
            }
        }
    }

    private readonly int LowerBound(ulong hash)
    {
        // As in SortedSearch, without a branch that depends on the data.
        ReadOnlySpan<Counter> counters = Items;
        if (counters.IsEmpty || counters[^1].Hash < hash)
        {
            // A merge into an empty list comes by here for every value.
            return counters.Length;
        }

        int low = 0;
        for (int rest = counters.Length; rest > 0;)
        {
            int half = (rest + 1) >> 1;
            low += half & -(counters[low + half - 1].Hash < hash ? 1 : 0);
            rest -= half;
        }

        return low;
    }

    /// <summary>Whether a full list has only lower ranks, so that a row changes nothing.</summary>
    private bool IsAboveAll(double rank)
    {
        if (!IsFull)
        {
            return false;
        }

        if (_highest == 0)
        {
            FindHighest();
        }

        return rank > Items[_highest - 1].Rank;
    }

    // Equal ranks of different values are as rare as equal hashes; the lower hash, then the lower value, stays.
    private readonly bool IsBeforeHighest(double rank, ulong hash, int highestToValue)
    {
        ref readonly Counter highest = ref Items[_highest - 1];
        return rank < highest.Rank || hash < highest.Hash || (hash == highest.Hash && highestToValue > 0);
    }

    private void Lower(int index, double rank)
    {
        ref Counter counter = ref Items[index];
        if (rank < counter.Rank)
        {
            counter.Rank = rank;
            _highest = _highest == index + 1 ? 0 : _highest;
        }
    }

    private ref Counter Replace(int index, ulong hash, double rank)
    {
        int highest = _highest - 1;
        _highest = 0;
        ref Counter counter = ref _counters.Move(highest, highest < index ? index - 1 : index);
        (counter.Hash, counter.Count, counter.Rank) = (hash, 0, rank);
        return ref counter;
    }

    private void FindHighest()
    {
        ReadOnlySpan<Counter> counters = Items;
        int highest = 0;
        for (int i = 1; i < counters.Length; i++)
        {
            // Of equal ranks the last is the highest: counters are in the order of their hashes and values.
            highest = counters[i].Rank >= counters[highest].Rank ? i : highest;
        }

        _highest = highest + 1;
    }

    /// <summary>A value, how often it was seen, and the smallest rank of its rows.</summary>
    public struct Counter
    {
        /// <summary>The value's hash.</summary>
        public ulong Hash;

        /// <summary>How often; in a sample it has no meaning of its own.</summary>
        public long Count;

        /// <summary>The smallest rank of its rows.</summary>
        public double Rank;

        /// <summary>The value.</summary>
        public KeptValue Value;
    }
}
