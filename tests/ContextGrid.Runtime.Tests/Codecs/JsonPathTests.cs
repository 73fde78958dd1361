using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

public sealed class JsonPathTests
{
    private static readonly string[] Fields =
    [
        "user: string from customer.id", "order.amount: double", "city: string from customer.address.city",
        "dotted: int64 from \"a.b\".c", "flat: int64",
    ];

    private readonly PathEvents _events = new("json", Fields);

    [Theory]
    [InlineData(
        """{"customer":{"id":"u1","address":{"zip":[1],"city":"Ulm"}},"order":{"amount":9},"a.b":{"c":3},"flat":7}""",
        "\"u1\" | 9 | \"Ulm\" | 3 | 7")]
    [InlineData(
        """{"flat":7,"order":{"x":{"amount":1},"amount":9},"customer":{"address":{"city":"Ulm"},"id":"u1"}}""",
        "\"u1\" | 9 | \"Ulm\" | null | 7")]
    [InlineData("""{"customer":{"id":"u1"}}""", "\"u1\" | null | null | null | null")]
    [InlineData(
        """{"customer":{"id":"u1","address":null},"order":null,"a.b":{}}""", "\"u1\" | null | null | null | null")]
    [InlineData("""{"customer":{"id":"u1","address":{}},"order":{}}""", "\"u1\" | null | null | null | null")]
    [InlineData(
        """{"\u0063ustomer":{"i\u0064":"\u0075\u0031"},"order":{"\u0061mount":9}}""",
        "\"u1\" | 9 | null | null | null")]
    [InlineData(
        """{"customer":{"id":"u1"},"order.amount":4,"a":{"b":{"c":5}},"customer.id":"no"}""",
        "\"u1\" | null | null | null | null")]
    [InlineData(
        """ { "customer" : { "id" : "u1" , "address" : { "city" : null } } , "order" : { } } """,
        "\"u1\" | null | null | null | null")]
    public void Decode_Paths_GiveTheMembersAtTheirEnds(string json, string expected)
    {
        DecodeResult result = _events.Decode(json);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(expected, _events.Values);
    }

    [Theory]
    [InlineData("\"order\":5", "wrong_type", "order.order.amount (order) at byte 32: found 5; an object was meant.")]
    [InlineData("\"order\":\"x\"", "wrong_type", "(order) at byte 32: found \"x\"; an object was meant")]
    [InlineData("\"order\":[{\"amount\":9}]", "wrong_type", "an object was meant; a path does not go into arrays")]
    [InlineData("\"order\":true", "wrong_type", "found true")]
    [InlineData("\"order\":{\"amount\":\"9\"}", "wrong_type", "order.order.amount at byte 42: found \"9\"")]
    [InlineData("\"order\":{\"amount\":9,\"amount\":9}", "duplicate_member", "order.order.amount at byte")]
    [InlineData("\"order\":{\"amount\":9},\"order\":{}", "duplicate_member", "order.order.amount (order) at byte")]
    [InlineData("\"order\":null,\"order\":{\"amount\":9}", "duplicate_member", "(order)")]
    [InlineData("\"order\":{\"amount\":9},\"or\\u0064er\":null", "duplicate_member", "(order)")]
    [InlineData("\"order\":{\"amount\":9", "invalid_json", "ends too early")]
    [InlineData("\"order\":{\"amount\":9]", "invalid_json", "comma or the closing bracket")]
    [InlineData("\"order\":{\"amount\" 9}", "invalid_json", "colon")]
    [InlineData("\"a.b\":{\"c\":1.5}", "wrong_type", "order.dotted (\"a.b\".c) at byte")]
    [InlineData("\"a.b\":{\"c\":1e30}", "number_out_of_range", "order.dotted (\"a.b\".c)")]
    public void Decode_WrongOnThePath_IsRefusedByThePathWithTheKeyKnown(string member, string reason, string words)
    {
        DecodeResult result = _events.Decode($$"""{"customer":{"id":"u1"},{{member}}}""");
        Assert.Equal(reason, result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
        Assert.Equal("\"u1\"", _events.Record.Fields[0].ToString());
        Assert.True(result.KeysKnown);
    }

    [Theory]
    [InlineData("""{"customer":"u1"}""", "wrong_type", "order.user (customer) at byte 12")]
    [InlineData("""{"customer":{"id":"u1"},"customer":{"id":"u2"}}""", "duplicate_member", "order.user (customer)")]
    [InlineData("""{"customer":{"id":7}}""", "wrong_type", "order.user (customer.id)")]
    public void Decode_ThePathOfTheKeyIsWrong_NoKeyIsKnown(string json, string reason, string words)
    {
        DecodeResult result = _events.Decode(json);
        Assert.Equal(reason, result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
        Assert.False(result.KeysKnown);
        Assert.True(_events.Record.Fields[0].IsNull);
    }

    [Fact]
    public void Decode_NoObjectOfTheKey_IsMissingKey() =>
        Assert.Equal("missing_key", _events.Decode("""{"customer":null}""").Reason);

    [Fact]
    public void Decode_IdAndTimeOnPaths_AreTaken()
    {
        var events = new PathEvents(
            "json", ["user.id: string", "meta.id: string"], "id: meta.id", "timestamp: meta.at");
        DecodeResult result = events.Decode("""{"user":{"id":"u"},"meta":{"id":"e1","at":1769860799000}}""");
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(PathEvents.NowMs - 1_000, events.Record.EventTimeMs);
        Assert.NotEqual(0UL, events.Record.IdHash);
        result = events.Decode("""{"user":{"id":"u"},"meta":{"id":"e1","at":"soon"}}""");
        Assert.Contains("order.meta.at at byte", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_AnObjectThatNoDefinitionUses_IsNotJudged()
    {
        const string yaml = """
            version: 1
            events:
              order: {topic: orders, fields: {user: string, other.amount: double}}
            entities:
              user: {from: {order: user}, features: {n: order | count()}}
            """;
        byte[] payload = """{"user":"u1","other":5}"""u8.ToArray();
        var set = DefinitionFiles.Parse("t.yaml", yaml).Set ?? throw new InvalidOperationException(yaml);
        var record = new Core.Model.EventRecord(2);
        IEventDecoder decoder = PlainDecoders.Create(set, 0);
        Assert.True(decoder.Decode(payload, 0, payload.Length, PathEvents.NowMs, record).Succeeded);
    }

    [Theory]
    [InlineData(64, 0, "")]
    [InlineData(63, 1, "")]
    [InlineData(64, 1, "too_deep")]
    [InlineData(1, 63, "")]
    [InlineData(1, 64, "too_deep")]
    public void Decode_PathAndWhatStandsBesideIt_MayBeSixtyFourDeep(int members, int beside, string reason)
    {
        string path = string.Join('.', Enumerable.Repeat("a", members));
        var events = new PathEvents("json", ["user: string", $"deep: int64 from {path}"]);
        string inner = beside == 0 ? "{}" : string.Concat(Enumerable.Repeat("[", beside)) + new string(']', beside);
        inner = beside == 0 ? "" : $"\"b\":{inner},";
        string open = string.Concat(Enumerable.Repeat("{\"a\":", members - 1));
        string json = "{\"user\":\"u\"," + (members == 1
            ? $"{inner}\"a\":5}}"
            : $"\"a\":{open[..^5]}{{{inner}\"a\":5}}{new string('}', members - 1)}");
        DecodeResult result = events.Decode(json);
        Assert.Equal(reason, result.Reason);
        Assert.Equal(reason.Length == 0 ? "\"u\" | 5" : events.Values, events.Values);
    }

    [Theory]
    [InlineData(62, "wrong_type")]
    [InlineData(63, "too_deep")]
    public void Decode_ArraysInAFieldOfTypeList_CountAsDeep(int deep, string reason)
    {
        var events = new PathEvents("json", ["user: string", "items: list"]);
        string inner = new string('[', deep) + new string(']', deep);
        Assert.Equal(reason, events.Decode($"{{\"user\":\"u\",\"items\":[{inner}]}}").Reason);
    }

    [Theory]
    [InlineData("customer.id: string", "such as the path customer.id")]
    [InlineData("user: string from header tenant", "such as the header tenant")]
    public void Decode_NoKey_NamesWhereItIsRead(string key, string words) => Assert.Contains(
        words, new PathEvents("json", [key]).Decode("{\"customer.id\":\"u\"}").Message, StringComparison.Ordinal);

    [Fact]
    public void Decode_ManyGoodEvents_AllocatesNothing() => Assert.Equal(0, _events.MeasureAllocation(
        """{"\u0063ustomer":{"id":"u\u0031","address":{"city":"Ulm"}},"order":{"amount":9.5},"x":{"y":[1]}}"""));
}
