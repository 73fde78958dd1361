using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// A DDSketch: counts of rows in the buckets of <see cref="QuantileBuckets"/>, sorted, only those in use. When the
/// positive or the negative numbers span more than 2,048 buckets (a factor of 10^17), those of least magnitude are
/// counted in the lowest bucket kept, and the result is approximate.
/// </summary>
/// <param name="column">The column, a number.</param>
internal sealed class QuantileAccumulator(int column) : Accumulator
{
    private const int SpanMax = 2_048;
    private const int BucketsMax = 2 * SpanMax + 1;

    private int[]? _keys;
    private long[]? _counts;
    private int _used;
    private long _rows;
    private bool _collapsed;

    /// <inheritdoc/>
    public override bool IsApproximate => _collapsed;

    /// <summary>The value at rank ⌊q·(n − 1)⌋, within 1 %; null without rows.</summary>
    public Value Quantile(double q)
    {
        if (_rows == 0)
        {
            return Value.Null;
        }

        double rank = Math.Floor(Math.Clamp(q, 0, 1) * (_rows - 1));
        long below = 0;
        int index = 0;
        ReadOnlySpan<long> counts = _counts.AsSpan(0, _used);
        while (index < _used - 1 && below + counts[index] <= rank)
        {
            below += counts[index++];
        }

        return Value.Of(QuantileBuckets.ValueOf(_keys.AsSpan()[index]));
    }

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (!value.IsNull)
        {
            AddKey(QuantileBuckets.KeyOf(value.ToDouble()), 1);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var sketch = (QuantileAccumulator)other;
        for (int i = 0; i < sketch._used; i++)
        {
            AddKey(sketch._keys.AsSpan()[i], sketch._counts.AsSpan()[i]);
        }

        _collapsed |= sketch._collapsed;
    }

    /// <inheritdoc/>
    public override void Clear() => (_used, _rows, _collapsed) = (0, 0, false);

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Varint(((ulong)_used << 1) | (_collapsed ? 1UL : 0));
        int last = 0;
        for (int i = 0; i < _used; i++)
        {
            writer.Zigzag(_keys.AsSpan()[i] - last);
            writer.Varint((ulong)_counts.AsSpan()[i]);
            last = _keys.AsSpan()[i];
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        int header = reader.Count(2 * BucketsMax + 1);
        long key = 0;
        for (int i = 0; i < header >> 1; i++)
        {
            long step = reader.Zigzag();
            ulong count = reader.Varint();
            key += Math.Clamp(step, -2L * QuantileBuckets.KeyMax, 2L * QuantileBuckets.KeyMax);
            bool ascending = i == 0 || step > 0;
            if (!ascending || Math.Abs(key) >= QuantileBuckets.KeyMax || count is 0 or > long.MaxValue)
            {
                throw new SnapshotFormatException($"A sketch has {count} rows in bucket {key}.");
            }

            AddKey((int)key, (long)count);
        }

        _collapsed = (header & 1) != 0;
    }

    private void AddKey(int key, long count)
    {
        ReadOnlySpan<int> keys = _keys.AsSpan(0, _used);
        int index = SortedSearch.Find(keys, key);
        if (index < 0 && key != 0 && _used > 0)
        {
            // Collapsing is against the largest magnitude of the key's sign, which is at one end of the list.
            int end = key > 0 ? keys[^1] : keys[0];
            int limit = key > 0 ? Math.Max(1, end - SpanMax + 1) : Math.Min(-1, end + SpanMax - 1);
            if (key > 0 ? end > 0 && key < limit : end < 0 && key > limit)
            {
                _collapsed = true;
                key = limit;
                index = keys.BinarySearch(key);
            }
        }

        if (index >= 0)
        {
            _counts.AsSpan()[index] += count;
        }
        else
        {
            Insert(~index, key, count);
            Collapse(key);
        }

        _rows += count;
    }

    private void Insert(int index, int key, long count)
    {
        if (_keys is null || _used == _keys.Length)
        {
            int length = Math.Min(BucketsMax + 1, Math.Max(4, 2 * _used));
            Array.Resize(ref _keys, length);
            Array.Resize(ref _counts, length);
        }

        Span<int> keys = _keys;
        Span<long> counts = _counts;
        keys[index.._used].CopyTo(keys[(index + 1)..]);
        counts[index.._used].CopyTo(counts[(index + 1)..]);
        keys[index] = key;
        counts[index] = count;
        _used++;
    }

    /// <summary>After a new end of the list, adds up the buckets that are now too far from it.</summary>
    private void Collapse(int key)
    {
        ReadOnlySpan<int> keys = _keys.AsSpan(0, _used);
        if (key > 0 && key == keys[^1])
        {
            int first = UpperBound(keys, 0);
            int limit = key - SpanMax + 1;
            Fold(first, UpperBound(keys, limit - 1), limit);
        }
        else if (key < 0 && key == keys[0])
        {
            int limit = key + SpanMax - 1;
            Fold(UpperBound(keys, limit), UpperBound(keys, -1), limit);
        }
    }

    /// <summary>Replaces the buckets from <paramref name="first"/> to before <paramref name="end"/> by one.</summary>
    private void Fold(int first, int end, int key)
    {
        if (end <= first)
        {
            return;
        }

        long sum = 0;
        foreach (long count in _counts.AsSpan(first..end))
        {
            sum += count;
        }

        _keys.AsSpan(end.._used).CopyTo(_keys.AsSpan(first));
        _counts.AsSpan(end.._used).CopyTo(_counts.AsSpan(first));
        _used -= end - first;
        _collapsed = true;
        int index = _keys.AsSpan(0, _used).BinarySearch(key);
        if (index >= 0)
        {
            _counts.AsSpan()[index] += sum;
        }
        else
        {
            Insert(~index, key, sum);
        }
    }

    /// <summary>The index of the first key above <paramref name="key"/>.</summary>
    private static int UpperBound(ReadOnlySpan<int> keys, int key)
    {
        int index = keys.BinarySearch(key);
        return index >= 0 ? index + 1 : ~index;
    }
}
