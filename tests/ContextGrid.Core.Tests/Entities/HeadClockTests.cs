using ContextGrid.Core.Model;
using ContextGrid.TestKit.Oracle;
using ContextGrid.TestKit.Scenarios;
using static ContextGrid.Core.Tests.Entities.ScenarioRuns;

namespace ContextGrid.Core.Tests.Entities;

/// <summary>
/// Entities whose head is the clock: what is ahead of it is in the state and not in an answer, whatever came first.
/// </summary>
public sealed class HeadClockTests
{
    private const long T0 = 1_700_000_000_000;

    private static readonly (string Text, long Ms)[] Ahead =
        [("1s", 1_000), ("10s", 10_000), ("5m", 300_000), ("1h", 3_600_000), ("7d", 604_800_000)];

    [Fact]
    public void Query_HeadsBeforeTheNewestEvent_EqualTheOracle() => ForAll(80, (scenario, random) =>
    {
        (string yaml, long aheadMs) = Clock(scenario, random);
        var engine = new EngineUnderTest(yaml);
        var oracle = new FeatureOracle(scenario.Entity);
        int askAt = random.Next(1, scenario.Events.Length + 1);
        for (int i = 0; i < scenario.Events.Length; i++)
        {
            engine.Apply(scenario.Events[i]);
            oracle.Add(scenario.Events[i]);
            if ((i + 1) % askAt == 0 && Ask(engine, oracle, aheadMs, random) is { } wrong)
            {
                return $"{yaml}\nafter {i + 1} events {wrong}";
            }
        }

        return Ask(engine, oracle, aheadMs, random);
    });

    [Fact]
    public void Snapshot_InterleavedOrRestoredOnTheWay_HasTheSameBytes() => ForAll(60, (scenario, random) =>
    {
        (string yaml, _) = Clock(scenario, random);
        var engine = new EngineUnderTest(yaml);
        engine.ApplyAll(scenario.Events);
        byte[] expected = engine.Snapshot();
        for (int i = 0; i < 3; i++)
        {
            var other = new EngineUnderTest(yaml);
            foreach (OracleEvent e in ScenarioMaker.Interleave(scenario.Events, random))
            {
                other.Apply(e);
                if (random.Next(8) == 0)
                {
                    other.Restore(other.Snapshot());
                }
            }

            if (!expected.AsSpan().SequenceEqual(other.Snapshot()))
            {
                return "another interleaving, restored on the way, gives other bytes";
            }
        }

        return null;
    });

    [Fact]
    public void NextChange_HeadsBeforeTheNewestEvent_NothingChangesBeforeIt() => ForAll(30, (scenario, random) =>
    {
        (string yaml, long aheadMs) = Clock(scenario, random);
        var engine = new EngineUnderTest(yaml);
        engine.ApplyAll(scenario.Events.Take(random.Next(1, scenario.Events.Length + 1)));
        long head = engine.Entity.HeadMsMin + random.NextInt64(aheadMs + 1);
        for (int step = 0; step < 30 && head < long.MaxValue; step++)
        {
            long next = engine.NextChangeMs(head);
            long last = next == long.MaxValue ? head + (1L << 34) : next - 1;
            List<string> now = engine.StandingAnswers(head);
            foreach (long later in (long[])[last, head + random.NextInt64(last - head + 1)])
            {
                if (!now.SequenceEqual(engine.StandingAnswers(later)))
                {
                    return $"next change after {head} is said to be {next}, but at {later} it is other";
                }
            }

            head = next;
        }

        return null;
    });

    [Fact]
    public void Query_OneEventOfABadClock_WaitsAndEmptiesNoWindow()
    {
        var engine = new EngineUnderTest("""
            version: 1
            events:
              pay:
                topic: pays
                max_future: 5m
                fields: {user: string}
            entities:
              user:
                from: {pay: user}
                head: clock
                ttl: 1m
                features:
                  n_1m: pay | count() over 1m exact
                  all:  pay | count()

            """);
        for (int i = 0; i < 5; i++)
        {
            engine.Apply(Pay(i, T0 - 30_000 + (i * 1_000)));
        }

        engine.Apply(Pay(5, T0 + 280_000));
        Assert.Equal((5L, OracleStatus.Present, T0 - 26_000), engine.Answer("n_1m", T0));
        Assert.Equal((5L, OracleStatus.Present, T0 - 26_000), engine.Answer("all", T0));
        Assert.Equal((null, OracleStatus.Expired, T0 - 26_000), engine.Answer("all", T0 + 100_000));
        Assert.Equal(T0 + 280_000, engine.NextChangeMs(T0 + 100_000));
        Assert.Equal((1L, OracleStatus.Present, T0 + 280_000), engine.Answer("n_1m", T0 + 280_000));
        Assert.Equal((6L, OracleStatus.Present, T0 + 280_000), engine.Answer("all", T0 + 280_000));
    }

    [Fact]
    public void Query_OnlyEventsAhead_AreNotSeenYet()
    {
        var engine = new EngineUnderTest("""
            version: 1
            events:
              pay:
                topic: pays
                fields: {user: string}
            entities:
              user:
                from: {pay: user}
                head: clock
                ttl: 1m
                features: {all: pay | count()}

            """);
        engine.Apply(Pay(0, T0 + 9_000));
        Assert.Equal((0L, OracleStatus.NeverSeen, EventTimes.None), engine.Answer("all", T0));
        Assert.Equal(T0 + 9_000, engine.NextChangeMs(T0));
        Assert.Equal((1L, OracleStatus.Present, T0 + 9_000), engine.Answer("all", T0 + 9_000));
    }

    private static OracleEvent Pay(long offset, long timeMs) =>
        new("pay", timeMs, "pays", 0, offset, new Dictionary<string, object?> { ["user"] = "u" });

    private static (string Yaml, long AheadMs) Clock(Scenario scenario, Random random)
    {
        (string text, long ms) = Ahead[random.Next(Ahead.Length)];
        string yaml = scenario.ToYaml()
            .Replace("fields: {", $"max_future: {text}, fields: {{", StringComparison.Ordinal)
            .Replace("    features:", "    head: clock\n    features:", StringComparison.Ordinal);
        return (yaml, ms);
    }

    private static string? Ask(EngineUnderTest engine, FeatureOracle oracle, long aheadMs, Random random)
    {
        long newest = oracle.NewestMs(Scenario.Key) ?? 0;
        long[] ahead = [aheadMs, 0, 1, random.NextInt64(aheadMs + 1), random.NextInt64(aheadMs + 1), -1_000_000];
        IEnumerable<long> times = oracle.TimesMs(Scenario.Key).TakeLast(8).SelectMany(t => (long[])[t, t - 1]);
        foreach (long head in ahead.Select(a => newest - a).Concat(times).Where(h => h >= newest - aheadMs).Distinct())
        {
            List<string> differences = engine.Differences(oracle, Scenario.Key, head);
            if (differences.Count > 0)
            {
                return $"at {head} " + string.Join('\n', differences);
            }
        }

        return null;
    }
}
