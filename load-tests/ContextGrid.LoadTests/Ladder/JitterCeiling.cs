using System.Diagnostics;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// A ceiling of the machine: how long threads that only look at the clock, one a core, are held up by whatever else
/// runs on the machine, or on the one that it is a part of. No latency can be better.
/// </summary>
internal static class JitterCeiling
{
    private const double HoldMs = 1;

    internal static void Run(Arguments arguments)
    {
        double seconds = arguments.Number("seconds", 10), longest = 0, held = 0;
        var gate = new Lock();
        Thread[] threads =
        [
            .. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
            {
                (double most, double sum) = Look(seconds);
                lock (gate)
                {
                    longest = Math.Max(longest, most);
                    held += sum;
                }
            })),
        ];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        new Row("ceilings", "a thread that only looks at the clock is held up: at most", "ms", longest).Print();
        new Row(
            "ceilings", "a thread that only looks at the clock is held up for over 1 ms, of the time", "%",
            held / threads.Length / seconds / 10).Print();
    }

    private static (double LongestMs, double HeldMs) Look(double seconds)
    {
        long started = Stopwatch.GetTimestamp(), last = started;
        double longest = 0, held = 0;
        while (Stopwatch.GetElapsedTime(started, last).TotalSeconds < seconds)
        {
            long now = Stopwatch.GetTimestamp();
            double gap = Stopwatch.GetElapsedTime(last, now).TotalMilliseconds;
            (longest, held, last) = (Math.Max(longest, gap), held + (gap > HoldMs ? gap : 0), now);
        }

        return (longest, held);
    }
}
