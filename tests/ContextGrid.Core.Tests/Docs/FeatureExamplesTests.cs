using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Tests.Entities;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Core.Tests.Docs;

/// <summary>Every worked example of docs/FEATURES.md, executed by the oracle and by the product.</summary>
public sealed class FeatureExamplesTests
{
    private static readonly List<FeatureExample> Examples = FeatureExample.ReadAll(PathOf("docs/FEATURES.md"));

    public static TheoryData<int> Lines => [.. Examples.Select(e => e.Line)];

    [Theory]
    [MemberData(nameof(Lines))]
    public void Example_OfTheDocument_IsWhatOracleAndProductAnswer(int line)
    {
        FeatureExample example = Examples.Single(e => e.Line == line);
        OracleFeature asked = example.Entity.Features[^1];
        foreach ((long headMs, string answer) in example.Answers)
        {
            // What the product is asked at a head before its newest event is answered from the log up to that head.
            OracleEvent[] events = [.. example.Events.Where(e => e.TimeMs <= headMs)];
            var oracle = new FeatureOracle(example.Entity);
            Array.ForEach(events, oracle.Add);
            OracleAnswer right = AnswerOf(oracle, example.Key, asked, headMs);
            string written = answer.TrimStart('~');
            Assert.Equal(written, FeatureExample.Text(right.Value, right.Status, right.EventTimeMs));

            var engine = new EngineUnderTest(Yaml(example.Entity));
            engine.ApplyAll(events.Where(e => (string?)e.Fields["user"] == example.Key));
            (object? value, OracleStatus status, long time) = engine.Answer(asked.Name, headMs);
            if (answer == written)
            {
                Assert.Equal(written, FeatureExample.Text(value, status, time));
            }
            else
            {
                Assert.Null(OracleComparison.Difference(right, value, (int)status, time));
            }
        }
    }

    [Fact]
    public void Examples_AllAggregates_HaveOne()
    {
        IEnumerable<string> shown = Examples.SelectMany(e => e.Entity.Features).Select(f => f.Aggregate);
        Assert.Empty(AggregateSignature.All.Select(a => a.Name).Except(shown));
    }

    [Fact]
    public void Examples_AllWindows_HaveOne()
    {
        IEnumerable<OracleWindowKind> shown = Examples.SelectMany(e => e.Entity.Features).Select(f => f.Window.Kind);
        Assert.Empty(Enum.GetValues<OracleWindowKind>().Except(shown));
    }

    private static OracleAnswer AnswerOf(FeatureOracle oracle, string key, OracleFeature feature, long headMs) =>
        feature.IsDerived
            ? oracle.Derive(key, feature, headMs,
                name => AnswerOf(oracle, key, oracle.Entity.Features.Single(f => f.Name == name), headMs))
            : oracle.Ask(key, feature, headMs);

    private static string Yaml(OracleEntity entity)
    {
        var yaml = new StringBuilder("""
            version: 1
            events:
              payment:
                topic: payments
                fields: {user: string, amount: double, qty: int64, merchant: string, country: string, card: bool}
            entities:
              user:
                from: {payment: user}

            """);
        yaml.Append(entity.TtlMs > 0 ? $"    ttl: {OracleWindow.Text(entity.TtlMs)}\n" : "").Append("    features:\n");
        foreach (OracleFeature feature in entity.Features)
        {
            yaml.Append("      ").Append(feature.Name).Append(": '").Append(feature.ToText()).Append("'\n");
        }

        return yaml.ToString();
    }

    private static string PathOf(string path)
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "ContextGrid.sln")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return Path.Combine(directory ?? ".", path);
    }
}
