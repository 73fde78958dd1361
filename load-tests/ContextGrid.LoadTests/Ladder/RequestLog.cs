using System.Globalization;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Quantiles of h2load's log: a line a request with start time, status and duration, both in microseconds. The first
/// seconds are left out: there the server is still being compiled.
/// </summary>
internal static class RequestLog
{
    private const double WarmUpMicroseconds = 2e6;

    internal static void Print(Arguments arguments)
    {
        var latency = new LatencyHistogram();
        long? first = null;
        foreach (string line in File.ReadLines(arguments.Text("file", "h2load.tsv")))
        {
            string[] parts = line.Split('\t');
            long at = long.Parse(parts[0], CultureInfo.InvariantCulture);
            first ??= at;
            if (at - first > WarmUpMicroseconds)
            {
                latency.Record(1000 * long.Parse(parts[2], CultureInfo.InvariantCulture));
            }
        }

        string rung = arguments.Text("rung", "grpc"), what = arguments.Text("what", "");
        new Row(rung, $"{what}: p50", "ms", latency.Quantile(0.5) / 1e6).Print();
        new Row(rung, $"{what}: p99", "ms", latency.Quantile(0.99) / 1e6, arguments.Text("aim", "")).Print();
        new Row(rung, $"{what}: p99.9", "ms", latency.Quantile(0.999) / 1e6).Print();
        new Row(rung, $"{what}: longest of {latency.Count}", "ms", latency.Max / 1e6).Print();
    }
}
