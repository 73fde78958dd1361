using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using ContextGrid.Client;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Rung: from publish to readable. Calls come at a fixed rate, with one event each or more; each is followed, once
/// acknowledged, by a GetContext that waits for its positions. The time counts from the moment at which the publish was
/// due.
/// </summary>
internal static class ReadableRung
{
    private const double WarmUpSeconds = 3;

    internal static async Task RunAsync(Arguments arguments)
    {
        using var client = new ContextGridClient(new Uri(arguments.Text("server", "")));
        int users = arguments.Count("users", 100_000);
        double rate = arguments.Number("rate", 1_000), seconds = arguments.Number("seconds", 10);
        int batch = arguments.Count("batch", 1);
        await MeasureAsync(client, users, batch, rate, WarmUpSeconds);
        (LatencyHistogram durable, LatencyHistogram readable) = await MeasureAsync(
            client, users, batch, rate, seconds);
        string at = string.Create(CultureInfo.InvariantCulture, $"at {rate:#,0} events/s, {batch} a call");
        new Row("readable", $"publish to durable {at}: p50", "ms", durable.Quantile(0.5) / 1e6).Print();
        new Row("readable", $"publish to durable {at}: p99", "ms", durable.Quantile(0.99) / 1e6).Print();
        new Row("readable", $"publish to readable {at}: p50", "ms", readable.Quantile(0.5) / 1e6).Print();
        new Row("readable", $"publish to readable {at}: p99", "ms", readable.Quantile(0.99) / 1e6, "≤ 10").Print();
        new Row("readable", $"publish to readable {at}: p99.9", "ms", readable.Quantile(0.999) / 1e6).Print();
    }

    private static async Task<(LatencyHistogram Durable, LatencyHistogram Readable)> MeasureAsync(
        ContextGridClient client, int users, int batch, double rate, double seconds)
    {
        var durable = new LatencyHistogram();
        var readable = new LatencyHistogram();
        var calls = new ConcurrentBag<Task>();
        var random = new Random(11);
        await OpenLoop.RunAsync(rate / batch, seconds, due =>
        {
            int[] chosen = [.. Enumerable.Range(0, batch).Select(_ => random.Next(users))];
            calls.Add(CallAsync(client, chosen, due, durable, readable));
        });
        await Task.WhenAll(calls);
        return (durable, readable);
    }

    private static async Task CallAsync(
        ContextGridClient client, int[] users, long due, LatencyHistogram durable, LatencyHistogram readable)
    {
        long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        IEnumerable<string> payments = users.Select((user, i) => Payment($"r{due}-{i}", user, nowMs));
        PublishResult published = await client.PublishAsync("payments", payments);
        durable.Record(Stopwatch.GetElapsedTime(due));
        await client.GetAsync(new ContextRequest
        {
            Entities = [new EntityId("user", $"u{users[0]}")],
            Features = ["count_5m"],
            MinPosition = published.Positions,
        });
        readable.Record(Stopwatch.GetElapsedTime(due));
    }

    private static string Payment(string id, int user, long nowMs) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"payment_id":"{{id}}","user_id":"u{{user}}","merchant":"m1","amount":12.5,"ts":{{nowMs}}}""");
}
