using System.Diagnostics;
using ContextGrid.Runtime.Demo;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Rung: queries at a fixed rate while events come in at half of what the machine can take, over several checkpoints.
/// Latency counts from the moment at which a query was due.
/// </summary>
internal static class LatencyRung
{
    private const double QueriesPerSecond = 1_000;
    private const int WarmUpEvents = 1_000_000;
    private const int SliceMs = 5;
    private const double SettleSeconds = 5;

    internal static async Task RunAsync(Arguments arguments)
    {
        int users = arguments.Count("users", 100_000);
        double seconds = arguments.Number("seconds", 22);
        await using EmbeddedWork work = await EmbeddedWork.OpenAsync(arguments, users, WarmUpEvents);
        await work.PublishAsync(work.Prepare(WarmUpEvents / 2));
        TimeSpan took = await work.PublishAsync(work.Prepare(WarmUpEvents / 2));
        double capacity = WarmUpEvents / 2 / took.TotalSeconds, rate = arguments.Number("rate", capacity / 2);

        // The payloads of the warm-up are not the server's garbage.
        GC.Collect();
        await PublishAsync(work, rate, SettleSeconds);
        var all = new LatencyHistogram();
        long generations = work.Host.Checkpoint.Generation;
        TimeSpan paused = GC.GetTotalPauseDuration();
        int[] collections = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
        Task publishing = PublishAsync(work, rate, seconds);
        await QueryAsync(work, users, seconds, all);
        await publishing;
        generations = work.Host.Checkpoint.Generation - generations;

        string what = $"query while ingesting {RowTable.Text(rate)} events/s";
        new Row("latency", $"{what}: p50", "ms", all.Quantile(0.5) / 1e6).Print();
        new Row("latency", $"{what}: p99", "ms", all.Quantile(0.99) / 1e6, "≤ 5").Print();
        new Row("latency", $"{what}: p99.9", "ms", all.Quantile(0.999) / 1e6).Print();
        new Row("latency", $"{what}: longest of {all.Count}, {generations} checkpoints", "ms", all.Max / 1e6).Print();
        new Row(
            "latency", $"{what}: pauses of the garbage collector, of the time", "%",
            (GC.GetTotalPauseDuration() - paused).TotalSeconds / seconds * 100).Print();
        await Console.Error.WriteLineAsync(
            $"  collections of generation 0, 1, 2: {GC.CollectionCount(0) - collections[0]}, "
            + $"{GC.CollectionCount(1) - collections[1]}, {GC.CollectionCount(2) - collections[2]}");
        foreach ((double upTo, long count) in all.ByPowersOfTwo())
        {
            await Console.Error.WriteLineAsync($"  up to {upTo,9:#,0} µs: {count,9:#,0}");
        }
    }

    // Small slices at fixed times, so that the load is even.
    private static Task PublishAsync(EmbeddedWork work, double rate, double seconds)
    {
        int slice = (int)(rate * SliceMs / 1000);
        long first = work.Published;
        return OpenLoop.RunAsync(1000.0 / SliceMs, seconds, due =>
        {
            PublishItem[] items = work.Batch(first, slice);
            first += slice;
            _ = work.Host.Publisher
                .PublishAsync(PaymentGenerator.Topic, items, false, CancellationToken.None).AsTask();
        });
    }

    private static Task QueryAsync(
        EmbeddedWork work, int users, double seconds, LatencyHistogram all)
    {
        var query = new RandomQuery(work.Host, users, seed: 7);
        return OpenLoop.RunAsync(QueriesPerSecond, seconds, due =>
        {
            ValueTask<Runtime.Queries.ContextOutcome> answer = query.RunAsync();
            if (!answer.IsCompletedSuccessfully)
            {
                throw new InvalidOperationException("A query of live state waits for nothing.");
            }

            all.Record(Stopwatch.GetElapsedTime(due));
        });
    }
}
