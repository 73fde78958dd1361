using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// The values themselves, ascending, while there are at most 128 rows; then a DDSketch: counts of rows in the buckets
/// of <see cref="QuantileBuckets"/>, sorted, only those in use, with the smallest and the largest value. When the
/// positive or the negative numbers span more than 2,048 buckets (a factor of 10^17), those of least magnitude are
/// counted in the lowest bucket kept. Which form it is depends on the number of rows only.
/// </summary>
/// <param name="column">The column, a number.</param>
internal sealed class QuantileAccumulator(int column) : Accumulator
{
    /// <summary>The most rows that are kept as they are.</summary>
    internal const int ExactMax = 128;

    private const int SpanMax = 2_048;
    private const int BucketsMax = 2 * SpanMax + 1;

    /// <summary>Each of few buckets is searched for: fewer than this part of the own ones, as a shift.</summary>
    private const int FewShift = 4;

    private double[]? _values; // The first _rows of them, ascending; without meaning in a sketch.
    private BucketList _buckets;
    private long _rows;
    private double _min;
    private double _max;
    private bool _isSketch;
    private bool _collapsed;

    /// <inheritdoc/>
    public override bool IsApproximate => _isSketch;

    internal override long KeptCount => _isSketch ? ExactMax + _buckets.Count : _rows;

    /// <summary>
    /// The value at rank ⌈q·n⌉ of n, counted from 1 (rank 1 for q = 0): exact of up to 128 rows and at the first and
    /// the last rank, else within 1 % and never outside of what was seen. Null without rows.
    /// </summary>
    public Value Quantile(double q)
    {
        if (_rows == 0)
        {
            return Value.Null;
        }

        long rank = RankOf(q, _rows);
        return Value.Of(!_isSketch ? _values.AsSpan()[(int)rank - 1]
            : rank == 1 ? _min
            : rank == _rows ? _max
            : Math.Clamp(Estimate(rank), _min, _max));
    }

    /// <summary>Whether the value at a quantile is an estimate.</summary>
    public bool IsApproximateAt(double q) => _isSketch && RankOf(q, _rows) is long rank && rank > 1 && rank < _rows;

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (!value.IsNull)
        {
            AddValue(value.ToDouble());
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var rows = (QuantileAccumulator)other;
        if (!rows._isSketch)
        {
            MergeValues(rows._values.AsSpan(0, (int)rows._rows));
            return;
        }

        BecomeSketch();
        _min = Math.Min(_min, rows._min);
        _max = Math.Max(_max, rows._max);
        _collapsed |= rows._collapsed;
        MergeBuckets(rows._buckets.Items, rows._rows);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        _buckets.Clear();
        (_rows, _isSketch, _collapsed) = (0, false, false);
    }

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        // A number of rows of at most 128 and the values; or 129 and the sketch.
        writer.Varint((ulong)(_isSketch ? ExactMax + 1 : _rows));
        if (!_isSketch)
        {
            foreach (double value in _values.AsSpan(0, (int)_rows))
            {
                writer.Double(value);
            }

            return;
        }

        writer.Double(_min);
        writer.Double(_max);
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
        int count = reader.Count(ExactMax + 1);
        if (count > ExactMax)
        {
            ReadSketch(ref reader);
            return;
        }

        double last = double.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            double value = reader.Double();
            if (!double.IsFinite(value) || value < last)
            {
                throw new SnapshotFormatException("The values of a quantile are not ascending numbers.");
            }

            AddValue(value);
            last = value;
        }
    }

    /// <summary>⌈q·n⌉ of q as it is written: a product of doubles may be a little above a whole number.</summary>
    private static long RankOf(double q, long rows) =>
        Math.Clamp((long)Math.Ceiling((decimal)Math.Clamp(q, 0, 1) * rows), 1, rows);

    private double Estimate(long rank)
    {
        long below = 0;
        int index = 0;
        ReadOnlySpan<long> buckets = _buckets.Items;
        while (index < buckets.Length - 1 && below + BucketList.RowsOf(buckets[index]) < rank)
        {
            below += BucketList.RowsOf(buckets[index++]);
        }

        return QuantileBuckets.ValueOf(BucketList.KeyOf(buckets[index]));
    }

    private void ReadSketch(ref SnapshotReader reader)
    {
        BecomeSketch();
        (_min, _max) = (reader.Double(), reader.Double());
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
        if (_rows == 0 || !double.IsFinite(_min) || !double.IsFinite(_max) || _min > _max)
        {
            throw new SnapshotFormatException($"A sketch has {_rows} rows from {_min} to {_max}.");
        }
    }

    private void AddValue(double value)
    {
        if (!_isSketch)
        {
            if (_rows < ExactMax)
            {
                Insert(value);
                return;
            }

            BecomeSketch();
        }

        _min = Math.Min(_min, value);
        _max = Math.Max(_max, value);
        AddRows(QuantileBuckets.KeyOf(value), 1);
    }

    private void Insert(double value)
    {
        int count = (int)_rows;
        Reserve(count + 1);
        Span<double> values = _values;
        int index = SortedSearch.LowerBound<double>(values[..count], value);
        values[index..count].CopyTo(values[(index + 1)..]);
        values[index] = value;
        _rows++;
    }

    private void MergeValues(ReadOnlySpan<double> others)
    {
        int own = (int)_rows - 1;
        if (_isSketch || _rows + others.Length > ExactMax)
        {
            BecomeSketch();
            AddAscending(others);
            return;
        }

        // From the ends, so that no value is overwritten before it is moved.
        Reserve(own + 1 + others.Length);
        _rows += others.Length;
        Span<double> values = _values;
        for (int other = others.Length - 1, place = (int)_rows - 1; other >= 0; place--)
        {
            bool takeOwn = own >= 0 && values[own] > others[other];
            values[place] = takeOwn ? values[own--] : others[other--];
        }
    }

    private void Reserve(int count)
    {
        if (_values is null || count > _values.Length)
        {
            Array.Resize(ref _values, Math.Min(ExactMax, Math.Max(count, 2 * (int)_rows)));
        }
    }

    private void BecomeSketch()
    {
        if (_isSketch)
        {
            return;
        }

        int count = (int)_rows;
        (_isSketch, _rows) = (true, 0);
        (_min, _max) = (double.PositiveInfinity, double.NegativeInfinity);
        AddAscending(_values.AsSpan(0, count));
    }

    /// <summary>Adds at most 128 values, ascending, to a sketch: bucket by bucket, since keys ascend too.</summary>
    private void AddAscending(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        Span<long> buckets = stackalloc long[ExactMax];
        int used = 0;
        foreach (double value in values)
        {
            int key = QuantileBuckets.KeyOf(value);
            bool same = used > 0 && BucketList.KeyOf(buckets[used - 1]) == key;
            used += same ? 0 : 1;
            buckets[used - 1] = same ? buckets[used - 1] + 1 : BucketList.Of(key, 1);
        }

        _min = Math.Min(_min, values[0]);
        _max = Math.Max(_max, values[^1]);
        MergeBuckets(buckets[..used], values.Length);
    }

    /// <summary>Adds buckets, ascending by key, that have so many rows.</summary>
    private void MergeBuckets(ReadOnlySpan<long> buckets, long rows)
    {
        if (buckets.Length > _buckets.Count >> FewShift && !_buckets.Spans(buckets, SpanMax))
        {
            _buckets.Merge(buckets);
            _rows += rows;
            return;
        }

        foreach (long bucket in buckets)
        {
            AddRows(BucketList.KeyOf(bucket), BucketList.RowsOf(bucket));
        }
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
