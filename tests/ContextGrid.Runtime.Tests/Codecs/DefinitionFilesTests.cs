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

    [Fact]
    public void Read_SeveralFiles_MergesThemAndNamesThemInErrors()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("definitions");
        try
        {
            Write("a.yaml", "version: 1\nevents:\n  e: {topic: t, fields: {k: string}}\n");
            Write("b.yml", "version: 1\nentities:\n  u: {from: {e: k}, features: {n: e | count()}}\n");
            Write("notes.txt", "not a definition");
            Assert.Single(Assert.IsType<DefinitionSet>(DefinitionFiles.Read(directory.FullName).Set).Entities);

            Write("c.yaml", "version: 1\nevents:\n  e: {topic: t2, fields: {k: string}}\n");
            Write("d.yaml", "# " + new string('x', 1 << 20));
            File.WriteAllBytes(Path.Combine(directory.FullName, "e.yaml"), [0x61, 0xFF]);
            Write("f.yaml", "");
            Write("g.yaml", "version: 1\n---\nversion: 1\n");
            Assert.Equal(
                [
                    "c.yaml:3:3: the event 'e' is defined already, in a.yaml:3:3",
                    "d.yaml:1:1: the file is larger than 1 MiB",
                    "e.yaml:1:1: the file is not UTF-8: byte 1 is wrong",
                    "f.yaml:1:1: the file is empty; it needs 'version: 1'",
                    "g.yaml:2:1: a second document starts here; put it into a file of its own",
                ],
                DefinitionFiles.Read(directory.FullName).Errors.Select(e => e.ToString()));
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        void Write(string name, string text) => File.WriteAllText(Path.Combine(directory.FullName, name), text);
    }

    [Fact]
    public void Read_NoDirectory_IsAnError()
    {
        string missing = Path.Combine(Path.GetTempPath(), "no-such-directory-of-definitions");

        DefinitionError error = DefinitionFiles.Read(missing).Errors[0];

        Assert.StartsWith(missing + ":1:1: the directory cannot be read: ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_DeepNesting_IsRefusedNotAStackOverflow()
    {
        string text = "version: 1\nevents: " + new string('[', 100_000);

        DefinitionReadResult result = DefinitionFiles.Parse("deep.yaml", text);

        Assert.Equal("deep.yaml:2:24: this is not YAML: nested deeper than 16 levels", result.Errors[0].ToString());
    }

    [Theory]
    [InlineData(1_000, 0)]
    [InlineData(1_001, 1)]
    public void Parse_ManyFeatures_AreLimited(int count, int errors)
    {
        string head = BadDefinitions.Good[..BadDefinitions.Good.IndexOf("      spend:", StringComparison.Ordinal)];
        IEnumerable<string> chain = Enumerable.Range(1, count - 1).Select(i => $"      f{i}: f{i - 1} + 1\n");
        string text = head + "      f0: 1\n" + string.Concat(chain);

        Assert.Equal(errors, DefinitionFiles.Parse("many.yaml", text).Errors.Length);
    }
}
