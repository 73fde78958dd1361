namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// Up to 256 values with their counts, ordered by hash, then value. In a full list a new value takes the place and the
/// count of the least frequent one, the first of equals: space-saving (Metwally et al., ICDT 2005).
/// </summary>
internal struct CounterList
{
    /// <summary>The most values.</summary>
    public const int CountMax = 256;

    private SlotList<Counter> _counters;
    private long _leastCount; // No counter is below; 0: not known.
    private int _searched; // Counters before this one are above.

    /// <summary>How many values.</summary>
    public readonly int Count => _counters.Count;

    /// <summary>The counters.</summary>
    public readonly Span<Counter> Items => _counters.Items;

    /// <summary>Whether a value was replaced, here or in a list that was merged.</summary>
    public bool HasOverflowed { get; set; }

    /// <summary>Takes all values out and keeps their room.</summary>
    public void Clear()
    {
        _counters.Clear();
        (HasOverflowed, _leastCount, _searched) = (false, 0, 0);
    }

    /// <summary>Opens a counter at an index of a list that is not full; its old content has no meaning.</summary>
    public ref Counter Open(int index) => ref _counters.Open(index, CountMax);

    /// <summary>Opens a counter at its place; in a full list the least frequent goes, and hands its count on.</summary>
    /// <returns>The counter, whose value is to be set.</returns>
    public ref Counter Insert(int index, ulong hash, long count)
    {
        ref Counter counter = ref Count < CountMax ? ref Open(index) : ref Replace(index, ref count);
        counter.Hash = hash;
        counter.Count = count;
        return ref counter;
    }

    /// <summary>The index of the first counter whose hash is at least <paramref name="hash"/>.</summary>
    public readonly int LowerBound(ulong hash)
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

    private ref Counter Replace(int index, scoped ref long count)
    {
        HasOverflowed = true;
        int least = FindLeast();
        int place = least < index ? index - 1 : index;
        count += Items[least].Count;

        // The new counter is above the least. When it comes before, one that was searched moves to the least's place.
        _searched = place <= least ? least + 1 : least;
        return ref _counters.Move(least, place);
    }

    /// <summary>
    /// The first of the least frequent. Counts only grow, so a search goes on where the last one stopped, and starts
    /// over with a new minimum once all that had the old one are gone.
    /// </summary>
    private int FindLeast()
    {
        ReadOnlySpan<Counter> counters = Items;
        for (int i = _searched; _leastCount > 0 && i < counters.Length; i++)
        {
            if (counters[i].Count == _leastCount)
            {
                return i;
            }
        }

        int least = 0;
        for (int i = 1; i < counters.Length; i++)
        {
            least = counters[i].Count < counters[least].Count ? i : least;
        }

        _leastCount = counters[least].Count;
        return least;
    }

    /// <summary>A value and how often it was seen.</summary>
    public struct Counter
    {
        /// <summary>The value's hash.</summary>
        public ulong Hash;

        /// <summary>How often; after an overflow at most.</summary>
        public long Count;

        /// <summary>The value.</summary>
        public KeptValue Value;
    }
}
