using System.Diagnostics;
using System.Globalization;
using ContextGrid.TestKit.Grpc;

namespace ContextGrid.LimitRuns;

/// <summary>
/// A well-behaved client in a process of its own: asks for one entity at a fixed rate over a few connections. Latency
/// counts from the moment at which a call was due, so that a stall of the server is seen by every call that it delays.
/// Reads a line from its input to begin the next phase, and then prints the percentiles of the one before.
/// </summary>
internal static class Neighbour
{
    // So many that a slow answer does not hold the next calls back.
    private const int Connections = 100;
    private const int CallsPerSecond = 200;

    /// <summary>Runs until the input ends.</summary>
    internal static async Task<int> ServeAsync(Uri server)
    {
        using var end = new CancellationTokenSource();
        var latencies = new List<double>();
        Task[] loops = [.. Enumerable.Range(0, Connections).Select(i => AskAsync(server, i, latencies, end.Token))];
        while (await Console.In.ReadLineAsync() is not null)
        {
            lock (latencies)
            {
                latencies.Sort();
                Console.WriteLine(string.Join(' ', [At(latencies, .5), At(latencies, .99), At(latencies, .999)]));
                latencies.Clear();
            }
        }

        await end.CancelAsync();
        await Task.WhenAll(loops);
        return 0;
    }

    private static string At(List<double> sorted, double share) => sorted.Count == 0
        ? "NaN"
        : sorted[(int)(share * (sorted.Count - 1))].ToString("0.00", CultureInfo.InvariantCulture);

    private static async Task AskAsync(Uri server, int number, List<double> latencies, CancellationToken end)
    {
        using RawHttp2 connection = await RawHttp2.ConnectAsync(server);
        await connection.WidenAsync(0, 1 << 30);
        double period = 1000.0 * Connections / CallsPerSecond;
        long start = Stopwatch.GetTimestamp();
        double Now() => Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        try
        {
            for (int call = 0; ; call++)
            {
                double due = (call * period) + (number * period / Connections);
                if (Now() < due)
                {
                    // A timer that is late is this client's fault, not the server's.
                    await Task.Delay(TimeSpan.FromMilliseconds(due - Now()), end);
                    due = Now();
                }

                await connection.CallAsync((2 * call) + 1, Requests.GetContext, Requests.Ask($"n{call % 1000}"));
                await connection.ReadUntilAsync("grpc-status", end);
                lock (latencies)
                {
                    latencies.Add(Now() - due);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }
}
