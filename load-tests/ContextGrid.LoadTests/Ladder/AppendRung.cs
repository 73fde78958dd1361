using System.Diagnostics;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Rung: batches of events into the log, durable when acknowledged; then the rival, a bare write and fdatasync of the
/// same bytes in blocks of the same size.
/// </summary>
internal static class AppendRung
{
    private const double Seconds = 4;
    private const int EventBytes = 180;
    private const int Ahead = 16;

    internal static async Task RunAsync(Arguments arguments)
    {
        string directory = Directory.CreateTempSubdirectory("contextgrid-append-").FullName;
        try
        {
            foreach ((int batch, int ahead) in ((int, int)[])[(1, 1), (500, 1), (1_000, Ahead)])
            {
                await MeasureAsync(Path.Combine(directory, $"{batch}-{ahead}"), batch, ahead);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureAsync(string directory, int batch, int ahead)
    {
        var options = new FileEventLogOptions
        {
            Directory = directory,
            Topics = new Dictionary<string, int> { ["payments"] = 1 },
        };
        var latency = new LatencyHistogram();
        long events = 0, started = Stopwatch.GetTimestamp();
        await using (FileEventLog log = FileEventLog.Open(options, TimeProvider.System, NullLogger.Instance))
        {
            await Task.WhenAll(Enumerable.Range(0, ahead).Select(_ => Task.Run(async () =>
            {
                LogRecord[] records = Records(batch);
                var positions = new RecordPosition[batch];
                while (Stopwatch.GetElapsedTime(started).TotalSeconds < Seconds)
                {
                    long before = Stopwatch.GetTimestamp();
                    await log.AppendAsync("payments", records, positions, CancellationToken.None);
                    latency.Record(Stopwatch.GetElapsedTime(before));
                    Interlocked.Add(ref events, batch);
                }
            })));
        }

        double rate = events / Stopwatch.GetElapsedTime(started).TotalSeconds;
        (double bytes, LatencyHistogram sync) =
            DiskCeiling.Measure(directory + ".raw", batch * EventBytes * ahead, Seconds / 2);
        string what = $"{batch} events an append, {ahead} under way";
        const string Rival = "write + fdatasync";
        new Row("append", what, "events/s", rate, "", Rival, bytes / EventBytes).Print();
        new Row("append", $"{what}: p99", "ms", latency.Quantile(0.99) / 1e6, "", Rival, sync.Quantile(0.99) / 1e6)
            .Print();
    }

    private static LogRecord[] Records(int count)
    {
        byte[] value = new byte[EventBytes - 40]; // The log's own framing and key take the rest.
        Array.Fill(value, (byte)'x');
        return [.. Enumerable.Range(0, count).Select(i => new LogRecord(
            0, 1_750_000_000_000 + i, "u1"u8.ToArray(), value, default))];
    }
}
