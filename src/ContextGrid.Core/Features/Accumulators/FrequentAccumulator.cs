using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// Counts by value, exact up to 512 different values. Beyond, all rows are counted in a <see cref="CountSketch"/>, and
/// 512 values stay as candidates: a sample without replacement, weighted by how often they occur, so a value that is a
/// part f of all rows is missing with a probability of at most (1 − f)^512. Which form it is depends on the set of
/// values only.
/// </summary>
internal sealed class FrequentAccumulator(int column, ValueKind kind) : Accumulator
{
    private CounterList _counters;
    private long[]? _sketch;
    private bool _isSketch;

    /// <inheritdoc/>
    public override bool IsApproximate => _isSketch;

    internal override long KeptCount => _isSketch ? long.MaxValue : _counters.Count;

    /// <summary>The k most frequent values, ties by value ascending; null without rows.</summary>
    public Value MostFrequent(int k, ResultArena arena)
    {
        Span<CounterList.Counter> entries = _counters.Items;
        if (entries.IsEmpty)
        {
            return Value.Null;
        }

        for (int i = 0; _isSketch && i < entries.Length; i++)
        {
            entries[i].Count = CountSketch.Estimate(_sketch, entries[i].Hash);
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
        double rank = RowRank.Of(row.Position);
        if (!_isSketch)
        {
            int index = _counters.Find(hash, value);
            if (index >= 0)
            {
                ref CounterList.Counter counter = ref _counters.Items[index];
                counter.Count++;
                counter.Rank = Math.Min(counter.Rank, rank);
                return;
            }

            if (!_counters.IsFull)
            {
                _counters.Insert(~index, hash, 1, rank).Value.Set(value);
                return;
            }

            BecomeSketch();
        }

        CountSketch.Add(_sketch, hash, 1);
        _counters.Sample(rank, hash, value);
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var frequent = (FrequentAccumulator)other;
        if (frequent._isSketch)
        {
            BecomeSketch();
            CountSketch.Merge(_sketch, frequent._sketch);
        }

        foreach (ref readonly CounterList.Counter counter in frequent._counters.Items)
        {
            Merge(counter, isCounted: frequent._isSketch);
        }
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        _counters.Clear();
        _isSketch = false;
    }

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Varint(((ulong)_counters.Count << 1) | (_isSketch ? 1UL : 0));
        _counters.Write(writer, withCounts: !_isSketch);
        if (_isSketch)
        {
            CountSketch.Write(_sketch, writer);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        int header = reader.Count(2 * CounterList.CountMax + 1);
        bool isSketch = (header & 1) != 0;
        if (isSketch)
        {
            BecomeSketch();
        }

        _counters.Read(ref reader, header >> 1, kind, withCounts: !isSketch);
        if (isSketch)
        {
            CountSketch.Read(_sketch, ref reader);
        }
    }

    private void Merge(in CounterList.Counter other, bool isCounted)
    {
        if (!_isSketch)
        {
            int index = _counters.Find(other.Hash, other.Value);
            if (index >= 0)
            {
                ref CounterList.Counter counter = ref _counters.Items[index];
                counter.Count += other.Count;
                counter.Rank = Math.Min(counter.Rank, other.Rank);
                return;
            }

            if (!_counters.IsFull)
            {
                _counters.Insert(~index, other.Hash, other.Count, other.Rank).Value.Set(other.Value);
                return;
            }

            BecomeSketch();
        }

        if (!isCounted)
        {
            CountSketch.Add(_sketch, other.Hash, other.Count);
        }

        _counters.Sample(other.Rank, other.Hash, other.Value);
    }

    private void BecomeSketch()
    {
        if (_isSketch)
        {
            return;
        }

        _isSketch = true;
        _sketch ??= new long[CountSketch.Length];
        Array.Clear(_sketch);
        foreach (ref readonly CounterList.Counter counter in _counters.Items)
        {
            CountSketch.Add(_sketch, counter.Hash, counter.Count);
        }
    }

    private static bool IsBefore(in CounterList.Counter a, in CounterList.Counter b) =>
        a.Count != b.Count ? a.Count > b.Count : a.Value.Compare(b.Value) < 0;
}
