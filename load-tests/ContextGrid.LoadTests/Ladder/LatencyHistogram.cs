using System.Numerics;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Latencies in buckets of at most 1/32 relative width, after HdrHistogram. Thread-safe for recording.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 5;

    private readonly long[] _counts = new long[64 << SubBits];
    private long _max;

    /// <summary>How many were recorded.</summary>
    internal long Count => _counts.Sum();

    /// <summary>The largest, nanoseconds.</summary>
    internal long Max => Volatile.Read(ref _max);

    internal void Record(TimeSpan latency) => Record((long)latency.TotalNanoseconds);

    internal void Record(long nanoseconds)
    {
        Interlocked.Increment(ref _counts[BucketOf(nanoseconds)]);
        for (long max = Max; nanoseconds > max; max = Max)
        {
            Interlocked.CompareExchange(ref _max, nanoseconds, max);
        }
    }

    /// <summary>The upper end of the bucket that a quantile falls into, nanoseconds; at most the largest.</summary>
    internal double Quantile(double q)
    {
        long rank = (long)Math.Ceiling(q * Count), seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank && seen > 0)
            {
                return Math.Min(UpperEndOf(bucket), Max);
            }
        }

        return 0;
    }

    /// <summary>Counts by powers of two of microseconds: upper bound in microseconds, and how many.</summary>
    internal IEnumerable<(double UpToMicroseconds, long Count)> ByPowersOfTwo()
    {
        double upTo = 1;
        long count = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            for (; UpperEndOf(bucket) > upTo * 1000 * (1 + 1e-9); upTo *= 2, count = 0)
            {
                if (count > 0)
                {
                    yield return (upTo, count);
                }
            }

            count += _counts[bucket];
        }
    }

    private static int BucketOf(long value)
    {
        ulong v = (ulong)Math.Max(1, value);
        int shift = Math.Max(0, BitOperations.Log2(v) - SubBits);
        return (shift << SubBits) + (int)(v >> shift);
    }

    private static double UpperEndOf(int bucket)
    {
        int shift = Math.Max(0, (bucket >> SubBits) - 1);
        return Math.ScaleB(bucket - (shift << SubBits) + 1, shift);
    }
}
