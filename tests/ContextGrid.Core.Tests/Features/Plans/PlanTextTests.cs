using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Core.Tests.Features.Plans;

public sealed class PlanTextTests
{
    private const string Head = """
        version: 1
        events:
          payment:
            topic: payments
            fields: {user_id: string, amount: double, country: string}
        entities:
          user:
            from: {payment: user_id}
            ttl: 30d
            features:

        """;

    private const string Golden =
        """
        entity user: 5 features, expires after 30d
          event payment of topic payments, key user_id, a row 52 bytes
            columns
              0: country (string)
              1: amount (double)
            predicates
              0: every event
              1: amount > 10
            group 0: predicate 0, by country, lifetime
              count() for by_country
              a dense tile: about 2,384 bytes with 100 events in 10 categories, at most 356,560
            group 1: predicate 0, tiles of 10s, at most 31 tiles
              count() for n_5m, rate_5m
              a dense tile: about 128 bytes with 100 events, at most 128
            group 2: predicate 1, tiles of 2m, at most 31 tiles
              sum(amount) for spend
              a dense tile: about 192 bytes with 100 events, at most 192
            window 0 on group 0: lifetime for by_country
              every event
            window 1 on group 1: over 5m for n_5m, rate_5m
              floorDiv(H - 5m + 1ms, 10s) * 10s <= time <= H
            window 2 on group 2: over 1h exact for spend
              H - 1h + 1ms <= time <= H
            exact rows: the last 1h, at most 65,536 rows
          derived twice: n_5m * 2
          bytes an entity, about
            with 20 events of each kind, as rows: 4,856
            at most, with every tile dense and every cap reached: 3,774,744
        """ + "\n";

    [Fact]
    public void Print_SmallDefinition_ShowsStateAndWhoSharesIt()
    {
        string text = PlanText.Print(Plan(
            "n_5m: payment | count() over 5m",
            "rate_5m: payment | rate() over 5m",
            "spend: payment | sum(amount) over 1h exact where amount > 10",
            "by_country: payment | count() by country top 3",
            "twice: n_5m * 2"));
        Assert.Equal(Golden, text);
    }

    [Fact]
    public void Compile_EqualEventPredicateAndTile_OneAccumulator()
    {
        EntityPlan plan = Plan(
            "n: payment | count(amount) over 5m where amount > 1",
            "mean: payment | avg(amount) over 5m where amount > 1");
        GroupPlan group = Assert.Single(plan.Events[0].Groups);
        Assert.Equal(2, group.Specs.Length);
        string text = PlanText.Print(plan);
        Assert.Contains("count(amount) for mean, n\n", text, StringComparison.Ordinal);
        Assert.Contains("sum(amount) for mean\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Print_OtherOrderOfFeatures_IsTheSame()
    {
        string[] features = ["a: payment | max(amount)", "b: payment | last(country) over 1d", "c: payment | count()"];
        Assert.Equal(PlanText.Print(Plan(features)), PlanText.Print(Plan([.. features.Reverse()])));
    }

    [Fact]
    public void Max_MoreTiles_IsMore()
    {
        long hour = PlanBytes.Max(Plan("n: payment | distinct(country) over 1h resolution 1m"));
        long five = PlanBytes.Max(Plan("n: payment | distinct(country) over 5h resolution 1m"));
        Assert.InRange(five, hour * 4, hour * 5);
    }

    private static EntityPlan Plan(params string[] features)
    {
        string yaml = Head + string.Concat(features.Select(f => $"      {f}\n"));
        DefinitionReadResult read = DefinitionFiles.Parse("plan.yaml", yaml);
        Assert.Empty(read.Errors);
        return PlanCompiler.Compile(read.Set!)[0]; // There is a set when there are no errors.
    }
}
