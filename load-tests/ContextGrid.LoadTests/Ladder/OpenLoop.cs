using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Starts one action after the other at fixed times, however long they take, so that a stall is seen by all whose time
/// came during it. Owns a thread while it runs.
/// </summary>
internal static class OpenLoop
{
    // The kernel wakes a sleeper some 60 µs late; the rest is waited for by looking at the clock.
    private const double SleepUpToMicroseconds = 120;

    /// <summary>Calls <paramref name="action"/> at a rate, with the moment at which it was due.</summary>
    internal static Task RunAsync(double perSecond, double seconds, Action<long> action) => Task.Factory.StartNew(
        () => Run(perSecond, seconds, action),
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private static void Run(double perSecond, double seconds, Action<long> action)
    {
        double step = Stopwatch.Frequency / perSecond;
        long started = Stopwatch.GetTimestamp(), count = (long)(perSecond * seconds);
        for (long i = 0; i < count; i++)
        {
            long due = started + (long)(i * step);
            while (Stopwatch.GetTimestamp() < due)
            {
                double left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due).TotalMicroseconds;
                if (left > SleepUpToMicroseconds)
                {
                    Sleep((uint)(left - SleepUpToMicroseconds));
                }
            }

            action(due);
        }
    }

    // Sleeping with the precision of the kernel's timers, which a load generator needs and .NET does not offer.
    [DllImport("libc", EntryPoint = "usleep")]
    private static extern int Sleep(uint microseconds);
}
