using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.TestKit.Scenarios;

/// <summary>
/// Some scenarios as one: each gives a type of entity and a key, and every type consumes the events of every key, so
/// that there are as many entities of each type as scenarios.
/// </summary>
/// <param name="Types">The types of entities, each with the features of its scenario.</param>
/// <param name="Keys">The keys.</param>
/// <param name="Events">All events in an order in which they may arrive.</param>
public sealed record ScenarioWorld(
    ImmutableArray<OracleEntity> Types, ImmutableArray<string> Keys, ImmutableArray<OracleEvent> Events)
{
    /// <summary>The world of a seed.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="scenarios">How many.</param>
    public static ScenarioWorld Make(int seed, int scenarios)
    {
        Scenario[] all = [.. Enumerable.Range(0, scenarios).Select(i => ScenarioMaker.Make((seed * scenarios) + i))];
        string[] keys = [.. all.Select(s => string.Create(CultureInfo.InvariantCulture, $"u{s.Seed}"))];
        return new ScenarioWorld(
            [.. all.Select((s, i) => s.Entity with { Name = string.Create(CultureInfo.InvariantCulture, $"type{i}") })],
            [.. keys],
            Mix([.. all.Zip(keys, (s, key) => new Queue<OracleEvent>(s.Events.Select(e => WithKey(e, key))))], seed));
    }

    /// <summary>The definitions as a file.</summary>
    public string ToYaml() => Scenario.ToYaml(Types);

    private static OracleEvent WithKey(OracleEvent e, string key) =>
        e with { Fields = new Dictionary<string, object?>(e.Fields) { ["user"] = key } };

    // Each scenario's events stay in order; those of one partition get new offsets, which ascend with gaps.
    private static ImmutableArray<OracleEvent> Mix(List<Queue<OracleEvent>> queues, int seed)
    {
        var random = new Random(seed);
        var offsets = new Dictionary<(string Topic, int Partition), long>();
        var mixed = ImmutableArray.CreateBuilder<OracleEvent>();
        while (queues.RemoveAll(q => q.Count == 0) >= 0 && queues.Count > 0)
        {
            OracleEvent e = queues[random.Next(queues.Count)].Dequeue();
            long offset = offsets.GetValueOrDefault((e.Topic, e.Partition), -1) + random.Next(1, 3);
            offsets[(e.Topic, e.Partition)] = offset;
            mixed.Add(e with { Offset = offset });
        }

        return mixed.ToImmutable();
    }
}
