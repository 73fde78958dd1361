using System.Diagnostics;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Measures by repeating: warm-up first, then the median of several rounds, since the machine is shared.
/// </summary>
internal static class Repeated
{
    private const int Rounds = 5;
    private const double RoundSeconds = 0.4;
    private const double WarmUpSeconds = 1.2;

    /// <summary>Nanoseconds of one call and the bytes that it allocates.</summary>
    /// <param name="calls">Makes so many calls.</param>
    internal static (double Nanoseconds, double Bytes) Measure(Action<int> calls)
    {
        int batch = 1;
        for (long started = Stopwatch.GetTimestamp();
            Stopwatch.GetElapsedTime(started).TotalSeconds < WarmUpSeconds;)
        {
            long before = Stopwatch.GetTimestamp();
            calls(batch);
            batch = Stopwatch.GetElapsedTime(before).TotalMilliseconds < 10 ? batch * 2 : batch;
        }

        var times = new double[Rounds];
        double bytes = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long done = 0, allocated = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            for (; Stopwatch.GetElapsedTime(started).TotalSeconds < RoundSeconds; done += batch)
            {
                calls(batch);
            }

            times[round] = Stopwatch.GetElapsedTime(started).TotalNanoseconds / done;
            bytes = Math.Min(bytes, (GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)done);
        }

        return (Median(times), bytes);
    }

    internal static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
