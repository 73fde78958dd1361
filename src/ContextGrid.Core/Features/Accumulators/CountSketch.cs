using System.Numerics;
using System.Runtime.InteropServices;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// A count-min sketch (Cormode and Muthukrishnan, "An improved data stream summary", J. Algorithms 55, 2005) of 4 rows
/// of 1,024 counters: the smallest of a value's four counters is never below its count, and with a probability of
/// 1 − 4^−4 = 99.6 % at most 1/256 of all rows above it. A sum of counters: a function of the set of rows.
/// </summary>
internal static class CountSketch
{
    /// <summary>How many counters there are.</summary>
    internal const int Length = Depth * Width;

    private const int Depth = 4;
    private const int WidthBits = 10;
    private const int Width = 1 << WidthBits;

    /// <summary>Counts rows of a value.</summary>
    internal static void Add(Span<long> counters, ulong hash, long rows)
    {
        for (int row = 0; row < Depth; row++)
        {
            counters[IndexOf(hash, row)] += rows;
        }
    }

    /// <summary>Takes all rows of another sketch into account.</summary>
    internal static void Merge(Span<long> counters, ReadOnlySpan<long> other)
    {
        // The number of counters is a multiple of every vector's length.
        Span<Vector<long>> into = MemoryMarshal.Cast<long, Vector<long>>(counters[..Length]);
        ReadOnlySpan<Vector<long>> from = MemoryMarshal.Cast<long, Vector<long>>(other[..Length]);
        for (int i = 0; i < into.Length && i < from.Length; i++)
        {
            into[i] += from[i];
        }
    }

    /// <summary>How often a value was seen, or more.</summary>
    internal static long Estimate(ReadOnlySpan<long> counters, ulong hash)
    {
        long least = long.MaxValue;
        for (int row = 0; row < Depth; row++)
        {
            least = Math.Min(least, counters[IndexOf(hash, row)]);
        }

        return least;
    }

    /// <summary>Writes all counters.</summary>
    internal static void Write(ReadOnlySpan<long> counters, SnapshotWriter writer)
    {
        foreach (long counter in counters)
        {
            writer.Varint((ulong)counter);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static void Read(Span<long> counters, ref SnapshotReader reader)
    {
        foreach (ref long counter in counters)
        {
            counter = (long)(reader.Varint() & long.MaxValue);
        }
    }

    private static int IndexOf(ulong hash, int row) =>
        (row << WidthBits) | ((int)(hash >> (row * WidthBits)) & (Width - 1));
}
