using ContextGrid.TestKit.Oracle;
using ContextGrid.TestKit.Scenarios;
using static ContextGrid.Core.Tests.Entities.ScenarioRuns;

namespace ContextGrid.Core.Tests.Entities;

/// <summary>The next moment at which answers can change by time alone: never too late.</summary>
public sealed class NextChangeTests
{
    private const long T0 = 1_700_000_000_000;
    private const long Never = long.MaxValue;
    private const long Ttl = T0 + (3_650 * 86_400_000L) + 1;

    [Fact]
    public void NextChange_RandomFeaturesEventsAndHeads_NothingChangesBeforeIt()
    {
        (int asked, int told, int changed) = (0, 0, 0);
        ForAll(40, (scenario, random) =>
        {
            var engine = new EngineUnderTest(scenario.ToYaml());
            var oracle = new FeatureOracle(scenario.Entity);
            int stop = random.Next(1, scenario.Events.Length + 1);
            foreach (OracleEvent e in scenario.Events.Take(stop))
            {
                engine.Apply(e);
                oracle.Add(e);
            }

            long head = (oracle.NewestMs(Scenario.Key) ?? 0) + random.Next(3) * (long)random.Next(1_000_000);
            for (int step = 0; step < 12 && head < Never; step++)
            {
                long next = engine.NextChangeMs(head);
                long last = next == Never ? head + (1L << 34) : next - 1;
                asked++;
                told += next == Never ? 0 : 1;
                foreach (long later in (long[])[last, head + 1, head + random.NextInt64(last - head + 1)])
                {
                    if (Difference(engine, oracle, head, Math.Clamp(later, head, last)) is { } wrong)
                    {
                        return $"next change after {head} is said to be {next}, but at {later} {wrong}";
                    }
                }

                changed += next < Never && Difference(engine, oracle, head, next) is not null ? 1 : 0;
                head = next;
            }

            return null;
        });

        // Most moments that are told are such at which something changes.
        Assert.True(told > 100 && changed > told / 2, $"{asked} asked, {told} told, {changed} changed something");
    }

    [Theory]
    [InlineData("tick | count()", Ttl)]
    [InlineData("tick | count() over 4s exact", T0 + 4_000)]
    [InlineData("tick | count() over 4s", T0 + 4_999)]
    [InlineData("tick | count() over 1m resolution 30s", T0 + 10_000 + 60_000 - 1)]
    [InlineData("tick | count() over tumbling 1m", T0 + 40_000)]
    [InlineData("tick | count() over hopping 1m every 15s", T0 + 55_000)]
    [InlineData("tick | count() over session 10s", T0 + 10_001)]
    [InlineData("tick | since_last()", Ttl)]
    public void NextChange_OneEventInAWindow_IsTheMomentAtWhichItLeaves(string feature, long expected)
    {
        var engine = new EngineUnderTest(Yaml(feature, ttl: "3650d"));
        engine.Apply(Event(0));
        Assert.Equal(expected, engine.NextChangeMs(T0 + 1));
        Assert.Equal(OracleStatus.Present, engine.Answer("f", expected - 1).Status);
        Assert.Equal(OracleStatus.Expired, engine.Answer("f", expected).Status);
        Assert.Equal(expected == Ttl ? Never : Ttl, engine.NextChangeMs(expected));
    }

    [Fact]
    public void NextChange_Ttl_IsTheMomentAfterIt()
    {
        var engine = new EngineUnderTest(Yaml("tick | count()", ttl: "6s"));
        Assert.Equal(Never, engine.NextChangeMs(T0));
        engine.Apply(Event(0));
        Assert.Equal(T0 + 6_001, engine.NextChangeMs(T0));
        Assert.Equal(OracleStatus.Present, engine.Answer("f", T0 + 6_000).Status);
        Assert.Equal(OracleStatus.Expired, engine.Answer("f", T0 + 6_001).Status);
        Assert.Equal(Never, engine.NextChangeMs(T0 + 6_001));
    }

    private static string? Difference(EngineUnderTest engine, FeatureOracle oracle, long headMs, long laterMs)
    {
        foreach (OracleFeature feature in oracle.Entity.Features)
        {
            if (feature.IsDerived || feature.Aggregate == "since_last")
            {
                continue;
            }

            OracleAnswer now = oracle.Ask(Scenario.Key, feature, headMs);
            OracleAnswer then = oracle.Ask(Scenario.Key, feature, laterMs);
            (string before, string after) = (Text(now), Text(then));
            if (before != after)
            {
                return $"{feature.Name} is {after} instead of {before}";
            }
        }

        return engine.StandingAnswers(headMs).Zip(engine.StandingAnswers(laterMs))
            .Where(p => p.First != p.Second).Select(p => $"{p.Second} instead of {p.First}").FirstOrDefault();

        static string Text(OracleAnswer a) => $"{OracleText.Of(a.Value)} {a.Status} {a.EventTimeMs}";
    }

    private static OracleEvent Event(long offset) => new(
        "tick", T0, "ticks", 0, offset, new Dictionary<string, object?> { ["user"] = "u" });

    private static string Yaml(string feature, string ttl) => $$"""
        version: 1
        events:
          tick:
            topic: ticks
            fields: {user: string}
        entities:
          user:
            from: {tick: user}
            ttl: {{ttl}}
            features:
              f: {{feature}}

        """;
}
