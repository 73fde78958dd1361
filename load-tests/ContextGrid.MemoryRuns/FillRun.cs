using System.Globalization;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.MemoryRuns;

/// <summary>
/// Gives every entity one event, then events and queries of which nine in ten are about the hot ones: measures memory,
/// ingestion over the budget, and the latency of hits and misses.
/// </summary>
internal static class FillRun
{
    private const int Queries = 40_000;

    /// <summary>The file with what the restarted process has to answer.</summary>
    internal static string SamplesOf(MemoryRunOptions options) => options.Data.TrimEnd('/') + ".samples";

    internal static async Task RunAsync(MemoryRunOptions options)
    {
        var figures = new Figures("fill");
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(
            options.Host(), TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        figures.Add("budget, MB; 0: unlimited", "budget_mb", options.MemoryMaxBytes / 1048576.0);
        var traffic = new Traffic(host, options.Entities);
        TimeSpan took = await traffic.PublishAsync(options.Entities, i => i);
        figures.Add("fill: first events of entities, events/s", "fill_events_s", options.Entities / took.TotalSeconds);
        figures.AddMemory("after fill", host);

        var random = new Random(1);
        took = await traffic.PublishAsync(options.Events, _ => Pick(random, options));
        figures.Add(
            "nine events in ten for hot entities, events/s", "mixed_events_s", options.Events / took.TotalSeconds);
        figures.AddMemory("after mixed", host);
        await AskAsync(figures, options, host, random);
        Check(await AnswersAsync(host, traffic), traffic);
        CountEntities(figures, host.Metrics.Entities);
        await File.WriteAllLinesAsync(
            SamplesOf(options),
            traffic.Samples.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key} {s.Value}")));
        figures.PrintJson();
    }

    private static int Pick(Random random, MemoryRunOptions options) =>
        random.Next(random.Next(10) > 0 ? options.Hot : options.Entities);

    private static async Task AskAsync(Figures figures, MemoryRunOptions options, EmbeddedHost host, Random random)
    {
        var warm = new Questions(host);
        for (int i = 0; i < Queries / 4; i++)
        {
            await warm.AskAsync(Pick(random, options)); // The first questions compile; they count in no figure.
        }

        var questions = new Questions(host);
        for (int i = 0; i < Queries; i++)
        {
            await questions.AskAsync(Pick(random, options));
        }

        figures.AddLatencies("query of an entity in memory", "hit", questions.Hits);
        figures.AddLatencies("query of a stored entity, its file mostly cached", "miss", questions.Misses);
    }

    private static async Task<Dictionary<int, long>> AnswersAsync(EmbeddedHost host, Traffic traffic)
    {
        var questions = new Questions(host);
        var answers = new Dictionary<int, long>();
        foreach (int user in traffic.Samples.Keys)
        {
            answers[user] = await questions.AskAsync(user);
        }

        return answers;
    }

    private static void Check(Dictionary<int, long> answers, Traffic traffic)
    {
        foreach ((int user, long events) in traffic.Samples)
        {
            if (answers[user] != events)
            {
                throw new InvalidOperationException(
                    $"{Traffic.UserOf(user)} has {events} events, and the answer is {answers[user]}.");
            }
        }
    }

    private static void CountEntities(Figures figures, EntityMetrics entities)
    {
        figures.Add("look-ups in the checkpoint", "lookups", entities.Lookups);
        figures.Add("entities that came back", "activated", entities.Activated);
        figures.Add("entities that left", "passivated", entities.Passivated);
        figures.Add("waits of ingestion for memory", "waits", entities.Waits);
    }
}
