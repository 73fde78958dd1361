using System.Diagnostics;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Rung: JSON in, durable log, queryable, in one process. With --growth 1 it also reports what grows: memory an entity,
/// the latency of queries and the time of a start.
/// </summary>
internal static class EmbeddedRung
{
    private const int ChunkEvents = 500_000;
    private const int Queries = 20_000;

    internal static async Task RunAsync(Arguments arguments)
    {
        int users = arguments.Count("users", 100_000);
        long events = (long)arguments.Number("events", 1_000_000);
        bool growth = arguments.Count("growth", 0) == 1;
        long before = Heap();
        long warmUp = growth ? 0 : events / 4;
        await using EmbeddedWork work = await EmbeddedWork.OpenAsync(arguments, users, warmUp + events);
        if (warmUp > 0)
        {
            // A first run compiles; it counts in no figure.
            await work.PublishAsync(work.Prepare(warmUp));
        }

        TimeSpan took = TimeSpan.Zero, busy = TimeSpan.Zero;
        for (long done = 0; done < events; done += ChunkEvents)
        {
            PublishItem[][] batches = work.Prepare(Math.Min(ChunkEvents, events - done));
            TimeSpan processor = Environment.CpuUsage.TotalTime;
            took += await work.PublishAsync(batches);
            busy += Environment.CpuUsage.TotalTime - processor;
        }

        string rung = growth ? "growth" : "embedded";
        int features = work.Host.Grid.Plans[0].Features.Length;
        string aim = !growth && features == 30 ? "≥ 200,000" : "";
        new Row(rung, $"JSON to durable log to queryable, {features} features, {users} users", "events/s",
            events / took.TotalSeconds, aim).Print();
        new Row(rung, $"processor time an event, {features} features, {users} users", "µs",
            busy.TotalMicroseconds / events).Print();
        if (growth)
        {
            await ReportGrowthAsync(work, users, features, before);
        }
    }

    private static async Task ReportGrowthAsync(EmbeddedWork work, int users, int features, long heapBefore)
    {
        long entities = work.Host.Grid.CountEntities(0);
        string of = $"{features} features, {users} users";
        new Row("growth", $"with state, {of}", "entities", entities).Print();
        new Row("growth", $"heap, {of}", "MB", (Heap() - heapBefore) / 1048576.0).Print();
        LatencyHistogram latency = await QueryAsync(work, users);
        new Row("growth", $"query p50, {of}", "µs", latency.Quantile(0.5) / 1000).Print();
        new Row("growth", $"query p99, {of}", "µs", latency.Quantile(0.99) / 1000).Print();
        TimeSpan restart = await work.RestartAsync();
        new Row("growth", $"restart, {of}", "s", restart.TotalSeconds).Print();
    }

    private static async Task<LatencyHistogram> QueryAsync(EmbeddedWork work, int users)
    {
        var query = new RandomQuery(work.Host, users, seed: 7);
        for (int i = 0; i < Queries; i++)
        {
            await query.RunAsync();
        }

        var latency = new LatencyHistogram();
        for (int i = 0; i < Queries; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await query.RunAsync();
            latency.Record(Stopwatch.GetElapsedTime(started));
        }

        return latency;
    }

    private static long Heap() => GC.GetTotalMemory(forceFullCollection: true);
}
