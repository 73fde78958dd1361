using System.Collections.Immutable;
using ContextGrid.TestKit.Oracle;
using ContextGrid.TestKit.Scenarios;

namespace ContextGrid.Core.Tests.Entities;

/// <summary>Sessions that never pause: random streams seldom have one.</summary>
public sealed class SessionCutTests
{
    [Theory]
    [InlineData(400)]
    [InlineData(700)]
    [InlineData(1_000)]
    public void Query_SessionWithoutPause_IsCutAtTheStartOfThe64thTile(int stepMs)
    {
        var sources = ImmutableDictionary<string, string>.Empty.Add("payment", "user");
        OracleFeature feature = OracleParser.Feature("f", "payment | count() over session 1s");
        var entity = new OracleEntity("user", sources, 0, [feature]);
        var oracle = new FeatureOracle(entity);
        var engine = new EngineUnderTest(new Scenario(0, entity, []).ToYaml());
        var fields = new Dictionary<string, object?> { ["user"] = Scenario.Key };
        for (int i = 0; i < 300; i++)
        {
            var e = new OracleEvent("payment", 1_700_000_000_123 + ((long)i * stepMs), "sales", 0, i, fields);
            engine.Apply(e);
            oracle.Add(e);
            Assert.Empty(engine.Differences(oracle, Scenario.Key, e.TimeMs + (i % 2)));
        }

        (object? count, _, _) = engine.Answer("f", 0);
        Assert.InRange(Assert.IsType<long>(count), 63_000 / stepMs, 64_000 / stepMs + 1);
    }
}
