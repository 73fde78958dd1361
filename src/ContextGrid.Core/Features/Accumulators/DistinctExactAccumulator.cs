using System.Buffers;
using System.Numerics;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// The number of different values by their 64-bit hashes, all of which are kept in an open-addressing table of at most
/// 65,536. When there are more, further values are not counted and the result is approximate.
/// </summary>
/// <param name="column">The column.</param>
internal sealed class DistinctExactAccumulator(int column) : Accumulator
{
    private const int CountMax = 65_536;

    private ulong[]? _slots; // 0: free; so the hash 0 is told by a flag.
    private int _used;
    private bool _hasZero;
    private bool _isFull;

    /// <summary>The number of different values.</summary>
    public int Count => _used + (_hasZero ? 1 : 0);

    /// <inheritdoc/>
    public override bool IsApproximate => _isFull;

    internal override long KeptCount => Count;

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
        _isFull |= distinct._isFull;
        if (distinct._hasZero)
        {
            AddHash(0);
        }

        for (int i = 0; distinct._used > 0 && i < distinct._slots.AsSpan().Length; i++)
        {
            ulong hash = distinct._slots.AsSpan()[i];
            if (hash != 0)
            {
                AddHash(hash);
            }
        }
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        _slots.AsSpan().Clear();
        (_used, _hasZero, _isFull) = (0, false, false);
    }

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Byte((byte)((_isFull ? 1 : 0) | (_hasZero ? 2 : 0)));
        writer.Varint((ulong)_used);
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
        foreach (ulong hash in sorted.AsSpan(0, count))
        {
            writer.UInt64(hash);
        }

        ArrayPool<ulong>.Shared.Return(sorted);
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        byte flags = reader.Byte();
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

        _hasZero = (flags & 2) != 0;
        _isFull = (flags & 1) != 0;
    }

    private void AddHash(ulong hash)
    {
        if (hash == 0)
        {
            _isFull |= !_hasZero && Count == CountMax;
            _hasZero |= Count < CountMax;
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

        if (Count == CountMax)
        {
            _isFull = true;
            return;
        }

        slots[index] = hash;
        _used++;
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
