using System.Buffers;
using System.Numerics;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// The number of different values by their 64-bit hashes, kept in an open-addressing table: all of them up to 65,536;
/// of more, the 65,536 smallest, from which the number is estimated (bottom-k; Bar-Yossef et al., "Counting distinct
/// elements in a data stream", RANDOM 2002) with a standard error of 1/√65,536 = 0.4 %. The smallest hashes are a
/// function of the set of values.
/// </summary>
/// <param name="column">The column.</param>
internal sealed class DistinctExactAccumulator(int column) : Accumulator
{
    /// <summary>The most hashes that belong to the state.</summary>
    internal const int CountMax = 65_536;

    // The table takes half as many more before those that no longer belong to the state are taken out.
    private const int UsedMax = CountMax + (CountMax / 2);

    private ulong[]? _slots; // 0: free; so the hash 0 counts as 1.
    private int _used;
    private bool _hasMore; // Whether hashes were taken out; then none above _largest belongs to the state.
    private ulong _largest;

    /// <summary>The number of different values, or its estimate.</summary>
    public long Count
    {
        get
        {
            Trim();
            return _hasMore ? (long)Math.Round((CountMax - 1) / ((_largest + 1.0) / 18446744073709551616.0)) : _used;
        }
    }

    /// <inheritdoc/>
    public override bool IsApproximate => _hasMore || _used > CountMax;

    internal override long KeptCount => _used;

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        if (!row.Columns[column].IsNull)
        {
            AddHash(ValueHash.Of(row.Columns[column]));
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var distinct = (DistinctExactAccumulator)other;
        for (int i = 0; distinct._used > 0 && i < distinct._slots.AsSpan().Length; i++)
        {
            ulong hash = distinct._slots.AsSpan()[i];
            if (hash != 0)
            {
                AddHash(hash);
            }
        }

        if (distinct._hasMore && !_hasMore)
        {
            TakeOutAboveTheSmallest();
        }
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        _slots.AsSpan().Clear();
        (_used, _hasMore) = (0, false);
    }

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        Trim();
        writer.Byte(_hasMore ? (byte)1 : (byte)0);
        writer.Varint((ulong)_used);
        ulong[] sorted = Sorted();
        foreach (ulong hash in sorted.AsSpan(0, _used))
        {
            writer.UInt64(hash);
        }

        ArrayPool<ulong>.Shared.Return(sorted);
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        bool hasMore = reader.Byte() != 0;
        int count = reader.Count(CountMax);
        ulong last = 0;
        for (int i = 0; i < count; i++)
        {
            ulong hash = reader.UInt64();
            if (hash <= last)
            {
                throw new SnapshotFormatException("The hashes of different values are not ascending.");
            }

            AddHash(hash);
            last = hash;
        }

        if (hasMore && count != CountMax)
        {
            throw new SnapshotFormatException($"Of more than {CountMax} different values {count} are kept.");
        }

        (_hasMore, _largest) = (hasMore, last);
    }

    private void AddHash(ulong hash)
    {
        hash = Math.Max(hash, 1);
        if (_hasMore && hash > _largest)
        {
            return;
        }

        if (_slots is null || 4 * _used >= 3 * _slots.Length)
        {
            Grow();
        }

        Span<ulong> slots = _slots;
        int mask = slots.Length - 1;
        int index = (int)hash & mask;
        while (slots[index] != 0 && slots[index] != hash)
        {
            index = (index + 1) & mask;
        }

        if (slots[index] == hash)
        {
            return;
        }

        slots[index] = hash;
        _used++;
        if (_used == UsedMax)
        {
            TakeOutAboveTheSmallest();
        }
    }

    /// <summary>Takes out what does not belong to the state.</summary>
    private void Trim()
    {
        if (_used > CountMax)
        {
            TakeOutAboveTheSmallest();
        }
    }

    /// <summary>Keeps the smallest hashes only; there are, or were, more than belong to the state.</summary>
    private void TakeOutAboveTheSmallest()
    {
        ulong[] sorted = Sorted();
        int kept = Math.Min(_used, CountMax);
        _slots.AsSpan().Clear();
        (_used, _hasMore) = (0, false);
        foreach (ulong hash in sorted.AsSpan(0, kept))
        {
            AddHash(hash);
        }

        (_hasMore, _largest) = (true, sorted[kept - 1]);
        ArrayPool<ulong>.Shared.Return(sorted);
    }

    /// <summary>The hashes, ascending, in an array of the pool.</summary>
    private ulong[] Sorted()
    {
        ulong[] sorted = ArrayPool<ulong>.Shared.Rent(_used);
        int count = 0;
        foreach (ulong hash in _slots.AsSpan())
        {
            if (hash != 0)
            {
                sorted[count++] = hash;
            }
        }

        sorted.AsSpan(0, count).Sort();
        return sorted;
    }

    private void Grow()
    {
        ulong[]? old = _slots;
        _slots = new ulong[Math.Max(8, (int)BitOperations.RoundUpToPowerOf2((uint)_used * 2 + 1))];
        int mask = _slots.Length - 1;
        foreach (ulong hash in old.AsSpan())
        {
            int index = (int)hash & mask;
            while (hash != 0 && _slots[index] != 0)
            {
                index = (index + 1) & mask;
            }

            if (hash != 0)
            {
                _slots[index] = hash;
            }
        }
    }
}
