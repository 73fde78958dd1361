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

    /// <summary>Each of few buckets is searched for: fewer than this part of the own ones, as a shift.</summary>
    private const int FewShift = 4;

    private BucketList _buckets;
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
        ReadOnlySpan<long> buckets = _buckets.Items;
        while (index < buckets.Length - 1 && below + BucketList.RowsOf(buckets[index]) <= rank)
        {
            below += BucketList.RowsOf(buckets[index++]);
        }

        return Value.Of(QuantileBuckets.ValueOf(BucketList.KeyOf(buckets[index])));
    }

    internal override long KeptCount => _buckets.Count;

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (!value.IsNull)
        {
            AddRows(QuantileBuckets.KeyOf(value.ToDouble()), 1);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var sketch = (QuantileAccumulator)other;
        _collapsed |= sketch._collapsed;
        if (sketch._buckets.Count > _buckets.Count >> FewShift && !_buckets.Spans(sketch._buckets, SpanMax))
        {
            _buckets.Merge(sketch._buckets);
            _rows += sketch._rows;
            return;
        }

        foreach (long bucket in sketch._buckets.Items)
        {
            AddRows(BucketList.KeyOf(bucket), BucketList.RowsOf(bucket));
        }
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        _buckets.Clear();
        (_rows, _collapsed) = (0, false);
    }

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Varint(((ulong)_buckets.Count << 1) | (_collapsed ? 1UL : 0));
        int last = 0;
        foreach (long bucket in _buckets.Items)
        {
            int key = BucketList.KeyOf(bucket);
            writer.Zigzag(key - last);
            writer.Varint((ulong)BucketList.RowsOf(bucket));
            last = key;
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
            ulong rows = reader.Varint();
            key += Math.Clamp(step, -2L * QuantileBuckets.KeyMax, 2L * QuantileBuckets.KeyMax);
            bool ascending = i == 0 || step > 0;
            bool fits = rows > 0 && rows <= (ulong)(BucketList.RowsMax - _rows);
            if (!ascending || !fits || Math.Abs(key) >= QuantileBuckets.KeyMax)
            {
                throw new SnapshotFormatException($"A sketch has {rows} rows in bucket {key}.");
            }

            AddRows((int)key, (long)rows);
        }

        _collapsed = (header & 1) != 0;
    }

    private void AddRows(int key, long rows)
    {
        int index = _buckets.LowerBound(key);
        bool found = _buckets.IsAt(index, key);
        if (!found && key != 0 && _buckets.Count > 0)
        {
            // Collapsing is against the largest magnitude of the key's sign, which is at one end of the list.
            int end = BucketList.KeyOf(key > 0 ? _buckets.Items[^1] : _buckets.Items[0]);
            int limit = key > 0 ? Math.Max(1, end - SpanMax + 1) : Math.Min(-1, end + SpanMax - 1);
            if (key > 0 ? end > 0 && key < limit : end < 0 && key > limit)
            {
                _collapsed = true;
                key = limit;
                index = _buckets.LowerBound(key);
                found = _buckets.IsAt(index, key);
            }
        }

        _rows += rows;
        if (found)
        {
            _buckets.Items[index] += rows;
        }
        else
        {
            _buckets.Insert(index, key, rows);
            Collapse(key);
        }
    }

    /// <summary>After a new end of the list, adds up the buckets that are now too far from it.</summary>
    private void Collapse(int key)
    {
        if (key > 0 && key == BucketList.KeyOf(_buckets.Items[^1]))
        {
            int limit = key - SpanMax + 1;
            Fold(_buckets.LowerBound(1), _buckets.LowerBound(limit), limit);
        }
        else if (key < 0 && key == BucketList.KeyOf(_buckets.Items[0]))
        {
            int limit = key + SpanMax - 1;
            Fold(_buckets.LowerBound(limit + 1), _buckets.LowerBound(0), limit);
        }
    }

    /// <summary>Replaces the buckets from <paramref name="first"/> to before <paramref name="end"/> by one.</summary>
    private void Fold(int first, int end, int key)
    {
        if (end <= first)
        {
            return;
        }

        long rows = _buckets.Remove(first, end);
        _collapsed = true;
        int index = _buckets.LowerBound(key);
        if (_buckets.IsAt(index, key))
        {
            _buckets.Items[index] += rows;
        }
        else
        {
            _buckets.Insert(index, key, rows);
        }
    }
}
