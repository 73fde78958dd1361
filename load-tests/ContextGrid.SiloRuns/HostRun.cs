using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.SiloRuns;

/// <summary>The same questions to either host, a line of JSON each.</summary>
/// <param name="host">Its name.</param>
/// <param name="reader">Answers.</param>
/// <param name="progress">How far the sources are applied.</param>
/// <param name="options">What was put into the log.</param>
internal sealed class HostRun(
    string host, ContextReader reader, IReadOnlyList<PartitionProgress> progress, SiloRunOptions options)
{
    private const int Queries = 20_000;

    /// <summary>Waits until everything is applied, appends as many events again, and waits once more.</summary>
    /// <param name="started">When the host was started.</param>
    /// <param name="log">The host's.</param>
    internal async Task IngestAsync(long started, IEventLog log)
    {
        await UntilAsync(options.Events);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Print(
            "first events of all entities, from the start of the host", "events/s", options.Events / seconds);
        started = Stopwatch.GetTimestamp();
        await PaymentLog.AppendAsync(log, options, round: 1);
        await UntilAsync(2L * options.Events);
        Print("more events of them", "events/s", options.Events / Stopwatch.GetElapsedTime(started).TotalSeconds);
        Print("heap after it, for each user", "bytes", (double)GC.GetTotalMemory(true) / options.Users);
    }

    /// <summary>Asks for all features of random users, one call after the other.</summary>
    internal async Task AskAsync(FeatureSelection selection, int entities)
    {
        int calls = Queries / entities;
        var random = new Random(1);
        var latencies = new List<double>();
        (ContextQuery query, ContextAnswer answer) = (new(), new());
        for (int call = 0; call < calls + (calls / 10); call++)
        {
            query.Clear();
            query.Selections.Add(selection);
            query.Head = QueryHead.Newest;
            for (int i = 0; i < entities; i++)
            {
                int user = random.Next(options.Users);
                query.Add(0, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"u{user}")));
            }

            long began = Stopwatch.GetTimestamp();
            await reader.ReadAsync(query, answer, CancellationToken.None);
            if (call >= calls / 10)
            {
                latencies.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }
        }

        latencies.Sort();
        Print($"query of {entities}: p50", "µs", latencies[latencies.Count / 2]);
        Print($"query of {entities}: p99", "µs", latencies[(int)(latencies.Count * 0.99)]);
    }

    private async Task UntilAsync(long events)
    {
        while (progress.Sum(p => p.Next) < events)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }

    private void Print(string what, string unit, double value) => Console.WriteLine(JsonSerializer.Serialize(
        new { rung = "cluster", host, what, unit, value = Math.Round(value, value < 100 ? 1 : 0) }, Json));

    private static JsonSerializerOptions Json { get; } = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
