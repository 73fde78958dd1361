using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>One bin of a <see cref="BinnedSum"/>: a signed 128-bit sum of slices of 64 bits.</summary>
internal struct SumBin
{
    private ulong _low;
    private long _high;

    /// <summary>Whether the sum is zero.</summary>
    public readonly bool IsZero => _low == 0 && _high == 0;

    /// <summary>The lower 64 bits.</summary>
    public readonly ulong Low => _low;

    /// <summary>The upper 64 bits.</summary>
    public readonly ulong High => (ulong)_high;

    /// <summary>The 64 bits above: all ones below zero.</summary>
    public readonly ulong Sign => (ulong)(_high >> 63);

    /// <summary>Adds or subtracts a slice.</summary>
    public void Add(ulong slice, bool negative)
    {
        ulong sum = negative ? _low - slice : _low + slice;
        _high += negative ? (sum > _low ? -1 : 0) : (sum < _low ? 1 : 0);
        _low = sum;
    }

    /// <summary>Adds another bin of the same place.</summary>
    public void Add(in SumBin other)
    {
        _low += other._low;
        _high += other._high + (_low < other._low ? 1 : 0);
    }

    /// <summary>Writes 9 to 18 bytes.</summary>
    public readonly void Write(SnapshotWriter writer)
    {
        writer.UInt64(_low);
        writer.Zigzag(_high);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public void Read(ref SnapshotReader reader)
    {
        _low = reader.UInt64();
        _high = reader.Zigzag();
    }
}
