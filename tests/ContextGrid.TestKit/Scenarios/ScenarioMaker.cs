using System.Collections.Immutable;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.TestKit.Scenarios;

/// <summary>Makes scenarios from seeds, changes the order of arrival, and makes failing scenarios small.</summary>
public static class ScenarioMaker
{
    private const int FeaturesPerScenario = 24;

    /// <summary>The scenario of a seed.</summary>
    public static Scenario Make(int seed)
    {
        var random = new Random(seed);
        int count = random.Next(10) switch
        {
            0 => random.Next(5),
            < 8 => random.Next(5, 120),
            _ => random.Next(200, 500),
        };
        var stream = new RandomStream(random, random.Next(3) == 0, random.Next(4) == 0 ? 230 : 8);
        var entity = new OracleEntity(
            "user",
            ImmutableDictionary<string, string>.Empty.Add("payment", "user").Add("refund", "user"),
            random.Next(3) == 0 ? 1_800_000 : 0,
            new RandomFeatures(random).Make(seed * FeaturesPerScenario, FeaturesPerScenario));
        return new Scenario(seed, entity, stream.Make(count));
    }

    /// <summary>The same events, the partitions interleaved in another way.</summary>
    public static ImmutableArray<OracleEvent> Interleave(IEnumerable<OracleEvent> events, Random random)
    {
        List<Queue<OracleEvent>> partitions =
            [.. events.GroupBy(e => (e.Topic, e.Partition)).Select(g => new Queue<OracleEvent>(g))];
        var result = ImmutableArray.CreateBuilder<OracleEvent>();
        while (partitions.Count > 0)
        {
            // Whole runs of one partition are as likely as fine mixtures.
            Queue<OracleEvent> partition = partitions[random.Next(partitions.Count)];
            for (int run = random.Next(1, 20); run > 0 && partition.Count > 0; run--)
            {
                result.Add(partition.Dequeue());
            }

            partitions.RemoveAll(p => p.Count == 0);
        }

        return result.ToImmutable();
    }

    /// <summary>
    /// A scenario with fewer features and events that still fails, found by leaving out halves, quarters, and so on.
    /// </summary>
    /// <param name="scenario">A scenario that fails.</param>
    /// <param name="fails">Says whether a scenario fails.</param>
    public static Scenario Shrink(Scenario scenario, Func<Scenario, bool> fails)
    {
        OracleEntity entity = scenario.Entity;
        ImmutableArray<OracleFeature> features = Shrink(
            entity.Features, f => IsWhole(f) && fails(scenario with { Entity = entity with { Features = f } }));
        Scenario smaller = scenario with { Entity = entity with { Features = features } };
        return smaller with { Events = Shrink(smaller.Events, e => fails(smaller with { Events = e })) };
    }

    // A derived feature can't stay without those that it reads.
    private static bool IsWhole(ImmutableArray<OracleFeature> features) =>
        features.Length > 0 && features.Where(f => f.IsDerived).SelectMany(f => FeatureOracle.Names(f.Arguments[0]))
            .All(name => features.Any(f => f.Name == name));

    private static ImmutableArray<T> Shrink<T>(ImmutableArray<T> items, Func<ImmutableArray<T>, bool> fails)
    {
        for (int part = Math.Max(1, items.Length / 2); part >= 1; part /= 2)
        {
            for (int at = 0; at < items.Length;)
            {
                ImmutableArray<T> without = [.. items.Take(at), .. items.Skip(at + part)];
                if (fails(without))
                {
                    items = without;
                }
                else
                {
                    at += part;
                }
            }
        }

        return items;
    }
}
