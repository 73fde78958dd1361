using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// The number of different values: their 64-bit hashes, sorted, while there are at most 128; then the registers of a
/// <see cref="HyperLogLog"/>. Which form it is depends on the set of values only.
/// </summary>
/// <param name="column">The column.</param>
internal sealed class DistinctAccumulator(int column) : Accumulator
{
    private const int ExactMax = 128;

    private ulong[]? _hashes;
    private byte[]? _registers;
    private int _count;
    private bool _isSketch;

    /// <summary>The number of different values, or its estimate.</summary>
    public long Count => _isSketch ? HyperLogLog.Estimate(_registers) : _count;

    /// <inheritdoc/>
    public override bool IsApproximate => _isSketch;

    internal override long KeptCount => _isSketch ? long.MaxValue : _count;

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
        var distinct = (DistinctAccumulator)other;
        if (distinct._isSketch)
        {
            BecomeSketch();
            HyperLogLog.Merge(_registers, distinct._registers);
            return;
        }

        ReadOnlySpan<ulong> others = distinct._hashes.AsSpan(0, distinct._count);
        int added = _isSketch ? 0 : CountMissing(others);
        if (_isSketch || _count + added > ExactMax)
        {
            BecomeSketch();
            foreach (ulong hash in others)
            {
                HyperLogLog.Add(_registers, hash);
            }
        }
        else if (added > 0)
        {
            MergeSorted(others, added);
        }
    }

    /// <inheritdoc/>
    public override void Clear() => (_count, _isSketch) = (0, false);

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        // A count of at most 128 and the hashes, or 129 and the registers.
        writer.Varint((ulong)(_isSketch ? ExactMax + 1 : _count));
        if (_isSketch)
        {
            HyperLogLog.Write(_registers, writer);
            return;
        }

        foreach (ulong hash in _hashes.AsSpan(0, _count))
        {
            writer.UInt64(hash);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        int count = reader.Count(ExactMax + 1);
        if (count > ExactMax)
        {
            BecomeSketch();
            HyperLogLog.Read(_registers, ref reader);
            return;
        }

        ulong last = 0;
        for (int i = 0; i < count; i++)
        {
            ulong hash = reader.UInt64();
            if (i > 0 && hash <= last)
            {
                throw new SnapshotFormatException("The hashes of different values are not ascending.");
            }

            AddHash(hash);
            last = hash;
        }
    }

    private void AddHash(ulong hash)
    {
        if (_isSketch)
        {
            HyperLogLog.Add(_registers, hash);
            return;
        }

        int index = SortedSearch.Find(_hashes.AsSpan(0, _count), hash);
        if (index >= 0)
        {
            return;
        }

        if (_count == ExactMax)
        {
            BecomeSketch();
            HyperLogLog.Add(_registers, hash);
            return;
        }

        Reserve(_count + 1);
        _hashes.AsSpan(~index, _count - ~index).CopyTo(_hashes.AsSpan(~index + 1));
        _hashes.AsSpan()[~index] = hash;
        _count++;
    }

    /// <summary>How many of other hashes, sorted, are not among these.</summary>
    private int CountMissing(ReadOnlySpan<ulong> others)
    {
        ReadOnlySpan<ulong> own = _hashes.AsSpan(0, _count);
        int missing = others.Length;
        for (int i = 0, j = 0; i < own.Length && j < others.Length;)
        {
            ulong left = own[i], right = others[j];
            missing -= left == right ? 1 : 0;
            i += left <= right ? 1 : 0;
            j += right <= left ? 1 : 0;
        }

        return missing;
    }

    /// <summary>Merges two sorted lists from their ends, in place; <paramref name="added"/> hashes are new.</summary>
    private void MergeSorted(ReadOnlySpan<ulong> others, int added)
    {
        Reserve(_count + added);
        Span<ulong> hashes = _hashes;
        int own = _count - 1, other = others.Length - 1;
        _count += added;
        for (int place = _count - 1; other >= 0; place--)
        {
            // Once all new hashes are placed, the rest of these is where it belongs.
            if (own == place)
            {
                return;
            }

            ulong right = others[other], left = own < 0 ? 0 : hashes[own];
            bool takeOwn = own >= 0 && left >= right;
            hashes[place] = takeOwn ? left : right;
            other -= !takeOwn || left == right ? 1 : 0;
            own -= takeOwn ? 1 : 0;
        }
    }

    private void Reserve(int count)
    {
        if (_hashes is null || count > _hashes.Length)
        {
            Array.Resize(ref _hashes, Math.Min(ExactMax, Math.Max(count, 2 * _count)));
        }
    }

    private void BecomeSketch()
    {
        if (_isSketch)
        {
            return;
        }

        _registers ??= new byte[HyperLogLog.RegisterCount];
        Array.Clear(_registers);
        foreach (ulong hash in _hashes.AsSpan(0, _count))
        {
            HyperLogLog.Add(_registers, hash);
        }

        _isSketch = true;
        _count = 0;
    }
}
