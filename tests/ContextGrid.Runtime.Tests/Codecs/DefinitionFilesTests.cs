using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

public sealed class DefinitionFilesTests
{
    private const string Payments =
        """
        version: 1
        events:
          payment:
            topic: payments
            format: json                 # json | avro | protobuf
            timestamp: ts
            id: payment_id
            owner: payments-team
            fields: {payment_id: string, user_id: string, device_id: string, merchant: string, amount: double,
                     status: string, country: string}
            classes: {user_id: pii}
          login:
            topic: logins
            fields:
              user_id: string
              ok: bool
        entities:
          user:
            from: {payment: user_id, login: user_id}
            ttl: 30d
            allowed_lateness: 1h
            freshness: 2s
            features:
              velocity:       payments_5m / max(spend_1h, 1)
              payments_5m:    payment | count() over 5m
              spend_1h:       payment | sum(amount) over 1h where status == "approved"
              spend_exact_1h: payment | sum(amount) over 1h exact
              merchants_24h:  payment | distinct(merchant) over 24h
              amount_p95_7d:  payment | quantile(amount, 0.95) over 7d
              by_country_1d:  payment | sum(amount) by country top 5 over 1d
              last_country:   payment | last(country)
              burst:          payment | count() over session 30m
            memory: {turns: 200, facts: 1000, items: 2000}
        """;

    [Fact]
    public void Parse_ExampleOfTheDesign_GivesItsDefinitions()
    {
        DefinitionReadResult result = DefinitionFiles.Parse("payments.yaml", Payments);

        Assert.Empty(result.Errors);
        DefinitionSet set = Assert.IsType<DefinitionSet>(result.Set);
        Assert.Equal(["login", "payment"], set.Events.Select(e => e.Name));
        EventDefinition payment = set.Events[1];
        Assert.Equal("ts", payment.Fields[7].Name);
        Assert.Equal((7, 0, 1), (payment.TimestampField, payment.IdField, payment.KeyField));
        Assert.Equal("pii", payment.Fields[1].DataClass);
        EntityDefinition user = Assert.Single(set.Entities);
        Assert.Equal([new EntitySource(0, 0), new EntitySource(1, 1)], user.Sources);
        Assert.Equal(9, user.Features.Length);
        Assert.Equal(30 * 86_400_000L, user.TtlMs);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 0], FeatureOrder.Sort(user));
    }

    [Fact]
    public void Parse_FeatureLines_PrintCanonically()
    {
        DefinitionSet? set = DefinitionFiles.Parse("payments.yaml", Payments).Set;
        Assert.NotNull(set);

        EntityDefinition user = set.Entities[0];
        Assert.Equal(
            [
                "payments_5m / max(spend_1h, 1)",
                "payment | count() over 5m",
                "payment | sum(amount) over 1h where status == \"approved\"",
                "payment | sum(amount) over 1h exact",
                "payment | distinct(merchant) over 1d",
                "payment | quantile(amount, 0.95) over 7d",
                "payment | sum(amount) by country top 5 over 1d",
                "payment | last(country)",
                "payment | count() over session 30m",
            ],
            user.Features.Select(f => FeatureText.Print(set, user, f)));
        Assert.Equal(ValueKind.Map, user.Features[6].Type);
        Assert.Equal(ValueKind.Double, user.Features[0].Type);
    }

    [Fact]
    public void Parse_SeveralMistakes_ReportsAllAtTheirPlaces()
    {
        string text = Payments
            .Replace("sum(amount) over 1h exact", "sum(amont) over 1h exact", StringComparison.Ordinal)
            .Replace("distinct(merchant)", "distinkt(merchant)", StringComparison.Ordinal)
            .Replace("ttl: 30d", "tll: 30d", StringComparison.Ordinal);

        DefinitionReadResult result = DefinitionFiles.Parse("payments.yaml", text);

        Assert.Null(result.Set);
        Assert.Equal(
            [
                "payments.yaml:20:5: unknown key of entity 'user': 'tll'; did you mean 'ttl'?",
                "payments.yaml:27:37: unknown field of event 'payment': 'amont'; did you mean 'amount'?",
                "payments.yaml:28:33: unknown aggregate 'distinkt'; did you mean 'distinct'?",
            ],
            result.Errors.Select(e => e.ToString()));
    }
}
