namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// Buckets of a quantile sketch in use, ascending by key. A bucket is one integer, its key times 2^46 plus its rows;
/// so a list of few is small, and merging two is merging two sorted lists of integers. Keys are at most 76,000 in
/// magnitude, and nobody sees 2^46 rows.
/// </summary>
internal struct BucketList
{
    /// <summary>The most rows of all buckets together.</summary>
    public const long RowsMax = (1L << CountBits) - 1;

    private const int CountBits = 46;

    private long[]? _buckets;

    /// <summary>How many buckets.</summary>
    public int Count { get; private set; }

    /// <summary>The buckets.</summary>
    public readonly Span<long> Items => _buckets.AsSpan(0, Count);

    /// <summary>The key of a bucket.</summary>
    public static int KeyOf(long bucket) => (int)(bucket >> CountBits);

    /// <summary>The rows of a bucket.</summary>
    public static long RowsOf(long bucket) => bucket & RowsMax;

    /// <summary>The index of the first bucket whose key is at least <paramref name="key"/>.</summary>
    public readonly int LowerBound(int key) => LowerBound(Items, key);

    /// <summary>Whether the bucket at an index, which may be past the end, has a key.</summary>
    public readonly bool IsAt(int index, int key) => index < Count && KeyOf(Items[index]) == key;

    /// <summary>Takes all buckets out and keeps the room.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds a bucket at its place.</summary>
    public void Insert(int index, int key, long rows)
    {
        Reserve(Count + 1);
        Count++;
        Span<long> buckets = Items;
        buckets[index..^1].CopyTo(buckets[(index + 1)..]);
        buckets[index] = Of(key, rows);
    }

    /// <summary>Takes buckets out.</summary>
    /// <returns>How many rows they had.</returns>
    public long Remove(int start, int end)
    {
        Span<long> buckets = Items;
        long rows = 0;
        foreach (long bucket in buckets[start..end])
        {
            rows += RowsOf(bucket);
        }

        buckets[end..].CopyTo(buckets[start..]);
        Count -= end - start;
        return rows;
    }

    /// <summary>A bucket.</summary>
    public static long Of(int key, long rows) => ((long)key << CountBits) + rows;

    /// <summary>
    /// Whether the positive or the negative keys of this and of other buckets together span this many keys.
    /// </summary>
    public readonly bool Spans(ReadOnlySpan<long> others, int span)
    {
        ReadOnlySpan<long> own = Items.IsEmpty ? others : Items;
        if (others.IsEmpty)
        {
            return false;
        }

        int low = Math.Min(KeyOf(own[0]), KeyOf(others[0]));
        int high = Math.Max(KeyOf(own[^1]), KeyOf(others[^1]));
        if (high - low < span)
        {
            return false;
        }

        int lowestPositive = Math.Min(LowestPositive(own, high), LowestPositive(others, high));
        int highestNegative = Math.Max(HighestNegative(own, low), HighestNegative(others, low));
        return high - lowestPositive >= span || highestNegative - low >= span;
    }

    /// <summary>Adds the rows of other buckets, ascending by key.</summary>
    public void Merge(ReadOnlySpan<long> others)
    {
        int ownAt = Count - 1, otherAt = others.Length - 1, added = CountMissing(others);
        Reserve(Count + added);
        Count += added;
        Span<long> buckets = Items;

        // From the ends, so that no bucket is overwritten before it is moved.
        for (int place = Count - 1; otherAt >= 0; place--)
        {
            long right = others[otherAt], left = ownAt < 0 ? long.MinValue : buckets[ownAt];
            int leftKey = KeyOf(left), rightKey = KeyOf(right);
            long sum = left + RowsOf(right);
            buckets[place] = leftKey > rightKey ? left : leftKey < rightKey ? right : sum;
            ownAt -= leftKey >= rightKey ? 1 : 0;
            otherAt -= leftKey <= rightKey ? 1 : 0;
        }
    }

    private readonly int CountMissing(ReadOnlySpan<long> others)
    {
        ReadOnlySpan<long> own = Items;
        int missing = others.Length;
        for (int i = 0, j = 0; i < own.Length && j < others.Length;)
        {
            int left = KeyOf(own[i]), right = KeyOf(others[j]);
            missing -= left == right ? 1 : 0;
            i += left <= right ? 1 : 0;
            j += right <= left ? 1 : 0;
        }

        return missing;
    }

    private static int LowerBound(ReadOnlySpan<long> buckets, int key) =>
        SortedSearch.LowerBound(buckets, (long)key << CountBits);

    private static int LowestPositive(ReadOnlySpan<long> buckets, int otherwise)
    {
        int index = LowerBound(buckets, 1);
        return index < buckets.Length ? KeyOf(buckets[index]) : otherwise;
    }

    private static int HighestNegative(ReadOnlySpan<long> buckets, int otherwise)
    {
        int index = LowerBound(buckets, 0);
        return index > 0 ? KeyOf(buckets[index - 1]) : otherwise;
    }

    private void Reserve(int count)
    {
        if (_buckets is null || count > _buckets.Length)
        {
            Array.Resize(ref _buckets, Math.Max(count, 2 * Count));
        }
    }
}
