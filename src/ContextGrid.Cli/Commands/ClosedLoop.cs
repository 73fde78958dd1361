using ContextGrid.Client;

namespace ContextGrid.Cli.Commands;

/// <summary>Callers that each wait for an answer before they ask again.</summary>
/// <param name="client">Asks.</param>
/// <param name="requests">What is asked, in turn.</param>
/// <param name="clock">Measures.</param>
public sealed class ClosedLoop(ContextGridClient client, ContextRequest[] requests, TimeProvider clock)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(500);
    private static readonly double[] Percents = [50, 90, 99, 99.9, 100];

    /// <summary>Runs for a time, after a short warm-up that is not counted.</summary>
    /// <exception cref="ContextGridException">The first call that fails ends the run.</exception>
    public async Task<ClosedLoopResult> RunAsync(int callers, TimeSpan time, CancellationToken cancellation)
    {
        await RoundAsync(callers, WarmUp, cancellation);
        var started = clock.GetTimestamp();
        var lists = await RoundAsync(callers, time, cancellation);
        var elapsed = clock.GetElapsedTime(started);
        var sorted = lists.SelectMany(list => list).Order().ToArray();
        var percentiles = Percents
            .Select(p => (p, Ms(sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * p / 100) - 1)])))
            .ToArray();
        return new ClosedLoopResult(sorted.Length, elapsed, percentiles);
    }

    private Task<List<long>[]> RoundAsync(int callers, TimeSpan time, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(first => CallAsync(first, time, cancellation)));

    private async Task<List<long>> CallAsync(int first, TimeSpan time, CancellationToken cancellation)
    {
        var ticks = new List<long>();
        var started = clock.GetTimestamp();
        for (var i = first; ticks.Count == 0 || clock.GetElapsedTime(started) < time; i++)
        {
            var before = clock.GetTimestamp();
            await client.GetAsync(requests[i % requests.Length], cancellation);
            ticks.Add(clock.GetTimestamp() - before);
        }

        return ticks;
    }

    private double Ms(long ticks) => ticks * 1_000.0 / clock.TimestampFrequency;
}

/// <summary>What a closed loop measured.</summary>
/// <param name="Calls">How many calls ended.</param>
/// <param name="Elapsed">How long they took together.</param>
/// <param name="PercentilesMs">Percent and the latency in milliseconds that so many calls did not pass.</param>
public sealed record ClosedLoopResult(
    int Calls, TimeSpan Elapsed, IReadOnlyList<(double Percent, double Ms)> PercentilesMs)
{
    /// <summary>Calls a second.</summary>
    public double CallsPerSecond => Calls / Elapsed.TotalSeconds;
}
