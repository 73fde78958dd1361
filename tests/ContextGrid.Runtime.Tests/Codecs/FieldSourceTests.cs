using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>Where fields say that they are read, and what is wrong with it.</summary>
public sealed class FieldSourceTests
{
    [Theory]
    [InlineData("a: int64", "a", false, "a")]
    [InlineData("a.b: int64", "a.b", false, "a", "b")]
    [InlineData("a: int64 from b", "b", false, "b")]
    [InlineData("a: int64   from   b.c ", "b.c", false, "b", "c")]
    [InlineData("a: int64 from \"b.c\".d", "\"b.c\".d", false, "b.c", "d")]
    [InlineData("a: int64 from b.\"c d\".\"e\"", "b.\"c d\".e", false, "b", "c d", "e")]
    [InlineData("a: 'int64 from \"say \\\"hi\\\"\"'", "\"say \\\"hi\\\"\"", false, "say \"hi\"")]
    [InlineData("'\"a.b\"': int64", "\"a.b\"", false, "a.b")]
    [InlineData("unit price: int64", "\"unit price\"", false, "unit price")]
    [InlineData("größe.maß: int64", "größe.maß", false, "größe", "maß")]
    [InlineData("a: int64 from header", "header", false, "header")]
    [InlineData("a: int64 from header.x", "header.x", false, "header", "x")]
    [InlineData("a: int64 from header x", "header x", true, "x")]
    [InlineData("a: int64 from header tenant.id-1", "header \"tenant.id-1\"", true, "tenant.id-1")]
    [InlineData("a: int64 from header \"my header\"", "header \"my header\"", true, "my header")]
    public void Parse_GoodSource_HasItsPath(string line, string text, bool isHeader, params string[] path)
    {
        DefinitionReadResult read = PathEvents.Define("json", ["key: string", line]);
        Assert.Empty(read.Errors);
        FieldSource source = (read.Set ?? throw new InvalidOperationException()).Events[0].Fields[1].Source;
        Assert.Equal(text, source.Text);
        Assert.Equal(path, source.Path);
        Assert.Equal(isHeader, source.IsHeader);
    }

    [Theory]
    [InlineData("a: int64 from", "found 'from' after the type of field 'a'; write 'TYPE', 'TYPE from PATH' or")]
    [InlineData("a: int64 of b", "found 'of b' after the type of field 'a'")]
    [InlineData("a: int65 from b", "unknown type of field 'a': 'int65'; did you mean 'int64'?")]
    [InlineData("a: int64 from b..c", "'b..c' has an empty member")]
    [InlineData("a: int64 from .b", "has an empty member")]
    [InlineData("a: int64 from b.", "has an empty member")]
    [InlineData("a..b: int64", "'a..b' has an empty member")]
    [InlineData("a: int64 from b c", "'b c' is no path: after 'b' stands ' '")]
    [InlineData("a: int64 from b[0]", "'b[0]' is no path: a path does not go into arrays")]
    [InlineData("a: int64 from $.b", "'$.b' is no path: it starts at the event, without '$'")]
    [InlineData("a: int64 from \"b", "a text has no end")]
    [InlineData("a: int64 from \"b\"c", "after 'b' stands 'c'")]
    [InlineData("a: int64 from header x y", "'x y' is no header's name")]
    [InlineData("a: list from header x", "the header of field 'a' is one value")]
    [InlineData("a: int64 from b or", "after 'b' stands ' '")]
    [InlineData("a: int64 from b or b", "the field 'a' reads b twice")]
    [InlineData("a: int64 from b or key", "the fields 'a' and 'key' both read key and have other types")]
    [InlineData("a: int64 from b or b.c", "'b.c' reads inside of it")]
    [InlineData("a: list from b or header x", "the header of field 'a' is one value")]
    [InlineData("key.id: string", "the field 'key' reads key as a value, and 'key.id' reads inside of it")]
    [InlineData("a: int64 from key", "the fields 'key' and 'a' both read key; one is enough")]
    public void Parse_BadSource_SaysWhatWasMeant(string line, string words)
    {
        DefinitionReadResult read = PathEvents.Define("json", ["key: string", line]);
        Assert.Contains(read.Errors, e => e.Message.Contains(words, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"after":{"id":"u1"},"before":{"id":"u0"}}""", "u1")]
    [InlineData("""{"after":null,"before":{"id":"u0"}}""", "u0")]
    [InlineData("""{"before":{"id":"u0"}}""", "u0")]
    [InlineData("""{"after":{"id":null},"before":null,"we \"or\" they":"u9"}""", "u9")]
    [InlineData("""{"x":1}""", "u7", "u7")]
    public void Decode_SeveralPlaces_TakesTheFirstThatIsNotNull(string json, string key, string? header = null)
    {
        var events = new PathEvents(
            "json", ["user: 'string from after.id or before.id or \"we \\\"or\\\" they\" or header user'"]);
        DecodeResult result = header is null ? events.Decode(json) : events.Decode(json, ("user", header));
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal($"\"{key}\"", events.Record.Fields[0].ToString());
        Assert.Equal(0, events.MeasureAllocation("""{"after":null,"before":{"id":"u0"}}"""));
    }

    [Fact]
    public void Decode_SeveralPlacesAllNull_HasNoKey()
    {
        var events = new PathEvents("json", ["user: string from after.id or before.id"]);
        Assert.Equal("missing_key", events.Decode("""{"after":null,"before":null}""").Reason);
        Assert.Equal("wrong_type", events.Decode("""{"after":null,"before":7}""").Reason);
    }

    [Fact]
    public void Decode_RefusedForAnotherField_KnowsTheKeyOfItsAlternative()
    {
        var events = new PathEvents("json", ["user: string from after.id or before.id", "n: int64"]);
        DecodeResult result = events.Decode("""{"after":null,"before":{"id":"u0"},"n":"x"}""");
        Assert.Equal("wrong_type", result.Reason);
        Assert.True(result.KeysKnown);
        Assert.Equal("\"u0\"", events.Record.Fields[0].ToString());
    }

    [Fact]
    public void Parse_AnAlternativeThatIsDeclared_IsThatField()
    {
        DefinitionReadResult read = PathEvents.Define(
            "json", ["old: string from before.id", "user: string from after.id or before.id"]);
        Assert.Empty(read.Errors);
        Assert.Equal(2, read.Set?.Events[0].Fields.Length);
        Assert.Equal(["old"], read.Set?.Events[0].Fields[1].Alternatives);
    }

    [Fact]
    public void Parse_LongAndDeepPaths_HaveTheirLimits()
    {
        string deep = string.Join('.', Enumerable.Repeat("a", 65));
        Assert.Contains("at most 64 members", Error($"a: int64 from {deep}"), StringComparison.Ordinal);
        string large = new('x', 513);
        Assert.Contains("at most 512 characters", Error($"a: int64 from {large}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_AClashInAnyOrderAndFormat_IsRefused()
    {
        foreach (string format in new[] { "json", "avro", "protobuf", "cloudevents" })
        {
            Assert.Single(PathEvents.Define(format, ["key: string", "o.p.q: int64", "o: int64"]).Errors);
            Assert.Single(PathEvents.Define(format, ["key: string", "o: int64", "x: int64 from o.p"]).Errors);
            string[] apart = ["key: string", "o.p.q: int64", "o.p.r: int64", "o.s: int64"];
            Assert.Empty(PathEvents.Define(format, apart).Errors);
        }
    }

    [Fact]
    public void Parse_UndeclaredTimestampInsideOfAValue_IsRefused() => Assert.Contains(
        "reads inside of it", PathEvents.Define("json", ["key: string"], "timestamp: key.at").Errors[0].Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("order | sum(order.amount)", "")]
    [InlineData("order | sum(`order.amount`) by order.kind where order.kind in (\"a\") and order.amount > 1.5", "")]
    [InlineData("order | sum(order.amont)", "field of event 'order': 'order.amont'; did you mean 'order.amount'?")]
    [InlineData("order | sum(money.cents)", "'money.cents'; the field 'cents' is read from there")]
    [InlineData("order | sum(other.thing)", "declare it among the event's fields: 'other.thing: TYPE', or")]
    [InlineData("order | sum(order.amount.)", "the character '.' has no meaning here")]
    [InlineData("order | sum(order .amount)", "the character '.' has no meaning here")]
    public void Parse_DottedNamesInFeatures_MeanTheFieldOfThatName(string line, string words)
    {
        const string fields = "key: string, order.amount: double, order.kind: string, cents: int64 from money.cents";
        string yaml = $"version: 1\nevents:\n  order: {{topic: o, fields: {{{fields}}}}}\n"
            + $"entities:\n  user:\n    from: {{order: key}}\n    features:\n      f: '{line}'\n";
        DefinitionReadResult read = DefinitionFiles.Parse("t.yaml", yaml);
        Assert.Equal(words.Length == 0, read.Errors.IsEmpty);
        Assert.Contains(words, string.Join('\n', read.Errors.Select(e => e.Message)), StringComparison.Ordinal);
    }

    [Fact]
    public void OfState_WhereAFieldIsRead_IsPartOfTheHash()
    {
        string[] lines =
        [
            "a: int64", "a: int64 from b", "a: int64 from b.a", "a: int64 from header a", "a: int64 from \"b.a\"",
        ];
        ulong[] hashes = [.. lines.Select(l => HashOf("json", l))];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(HashOf("json", "a: int64"), HashOf("json", "a: int64 from a"));
    }

    [Fact]
    public void OfState_DottedNames_DifferInJsonFromWhatTheyMeantAndStayInAvro()
    {
        // State that was made when the whole name was one member must not be read as if it held the path's values.
        DefinitionSet set = PathEvents.Define("json", ["key: string", "a.b: int64"]).Set
            ?? throw new InvalidOperationException();
        EventDefinition definition = set.Events[0];
        FieldDefinition whole = definition.Fields[1] with { Source = FieldSource.OfName("\"a.b\"") };
        var before = new DefinitionSet(
            [definition with { Fields = definition.Fields.SetItem(1, whole) }], set.Entities);
        Assert.NotEqual(
            DefinitionHash.OfState(before, before.Entities[0]), DefinitionHash.OfState(set, set.Entities[0]));
        Assert.Equal(HashOf("avro", "a.b: int64"), HashOf("avro", "a.b: int64 from a.b"));
    }

    private static string Error(string line) => PathEvents.Define("json", ["key: string", line]).Errors[0].Message;

    private static ulong HashOf(string format, string line)
    {
        DefinitionSet set = PathEvents.Define(format, ["key: string", line]).Set
            ?? throw new InvalidOperationException(line);
        return DefinitionHash.OfState(set, set.Entities[0]);
    }
}
