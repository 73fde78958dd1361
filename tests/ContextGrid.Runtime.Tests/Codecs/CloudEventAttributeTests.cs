using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>Attributes of CloudEvents in JSON (structured mode) and in headers (binary mode).</summary>
public sealed class CloudEventAttributeTests
{
    private const string Head = "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"";

    private static readonly (string, string)[] Headers =
        [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/s"), ("ce_type", "t")];

    private readonly PathEvents _events = new(
        "cloudevents",
        [
            "key: string", "order.n: int64", "ce_type: string", "ce_num: string", "ce_count: int64", "ce_flag: bool",
            "ce_ratio: double", "ce_at: timestamp", "tenant: string from header tenant-id",
        ]);

    [Theory]
    [InlineData("", "null | null | null | null | null")]
    [InlineData("\"num\":\"x\"", "\"x\" | null | null | null | null")]
    [InlineData("\"num\":7", "\"7\" | null | null | null | null")]
    [InlineData("\"num\":-1.50", "\"-1.50\" | null | null | null | null")]
    [InlineData("\"num\":true", "\"true\" | null | null | null | null")]
    [InlineData("\"num\":null,\"count\":null", "null | null | null | null | null")]
    [InlineData("\"count\":7,\"flag\":false,\"ratio\":0.5", "null | 7 | false | 0.5 | null")]
    [InlineData("\"count\":\"7\",\"flag\":\"true\",\"ratio\":\"2\"", "null | 7 | true | 2 | null")]
    [InlineData("\"at\":\"1970-01-01T00:00:01Z\"", "null | null | null | null | 1970-01-01T00:00:01.000Z")]
    [InlineData("\"n\\u0075m\":\"\\u0041\"", "\"A\" | null | null | null | null")]
    public void Decode_ExtensionAttributes_AreWhatTheFieldsSay(string member, string expected)
    {
        DecodeResult result = Decode(member);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(expected, string.Join(" | ", _events.Values.Split(" | ")[3..8]));
    }

    [Theory]
    [InlineData("\"num\":{\"a\":1}", "invalid_cloudevent", "attribute 'num' is an object or an array")]
    [InlineData("\"count\":7.5", "invalid_cloudevent", "attribute 'count' is '7.5'; the field 'ce_count' is int64")]
    [InlineData("\"count\":\"seven\"", "invalid_cloudevent", "'seven'; the field 'ce_count' is int64")]
    [InlineData("\"flag\":\"yes\"", "invalid_cloudevent", "the field 'ce_flag' is bool")]
    [InlineData("\"at\":\"soon\"", "invalid_cloudevent", "attribute 'at' is 'soon'; the field 'ce_at' is timestamp")]
    [InlineData("\"time\":1769857200000", "invalid_cloudevent", "the CloudEvent's time is '1769857200000'; an RFC")]
    [InlineData("\"time\":\"\"", "invalid_cloudevent", "time is ''")]
    [InlineData("\"time\":true", "invalid_cloudevent", "time is 'true'")]
    [InlineData("\"time\":{}", "invalid_cloudevent", "time is an object or an array")]
    [InlineData("\"time\":\"2026-01-31T11:59:59\"", "invalid_cloudevent", "RFC 3339")]
    [InlineData("\"id\":\"2\"", "duplicate_member", "the member occurs twice")]
    [InlineData("\"i\\u0064\":\"2\"", "duplicate_member", "the member occurs twice")]
    [InlineData("\"num\":null,\"num\":1", "duplicate_member", "the member occurs twice")]
    [InlineData("\"other\":\"\\ud800\"", "lone_surrogate", "half of a surrogate pair")]
    [InlineData("\"num\":\"\\udc00\"", "lone_surrogate", "half of a surrogate pair")]
    [InlineData("\"data_base64\":\"e30=\"", "invalid_cloudevent", "data_base64")]
    public void Decode_BadAttribute_IsRefusedWithTheKeyKnown(string member, string reason, string words)
    {
        DecodeResult result = Decode(member);
        Assert.Equal(reason, result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
        Assert.True(result.KeysKnown);
        Assert.Equal("\"k\"", _events.Record.Fields[0].ToString());
    }

    [Fact]
    public void Decode_DataTwice_IsRefusedAndNoKeyIsKnown()
    {
        DecodeResult result = Decode("\"data\":{\"key\":\"k2\"}");
        Assert.Equal("duplicate_member", result.Reason);
        Assert.False(result.KeysKnown);
    }

    [Theory]
    [InlineData("2026-01-31T13:00:00\\u002B02:00", 3_600_000)]
    [InlineData("2026-01-31T11:59:59.123\\u005a", 877)]
    [InlineData("2026-01-31t11:59:59.123456789z", 877)]
    public void Decode_TimeWithEscapesOrOtherSpellings_IsTaken(string time, long beforeNowMs)
    {
        DecodeResult result = Decode($"\"time\":\"{time}\"");
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(PathEvents.NowMs - beforeNowMs, _events.Record.EventTimeMs);
    }

    [Fact]
    public void Decode_EscapedNamesAndVersion_AreRead()
    {
        string json = "{" + Head.Replace("specversion", "spec\\u0076ersion", StringComparison.Ordinal)
            .Replace("1.0", "1\\u002e0", StringComparison.Ordinal) + ",\"\\u0064ata\":{\"key\":\"k\"}}";
        DecodeResult result = _events.Decode(json);
        Assert.True(result.Succeeded, result.Message);
    }

    [Theory]
    [InlineData("\"id\":\"\"", "'id' is empty")]
    [InlineData("\"id\":null", "'id' is missing or no text")]
    [InlineData("\"specversion\":\"1.1\"", "specversion is not 1.0")]
    public void Decode_RequiredAttributeIsWrong_IsRefused(string member, string words)
    {
        string name = member[..(member.IndexOf(':', StringComparison.Ordinal) + 1)];
        string[] others = [.. Head.Split(',').Where(m => !m.StartsWith(name, StringComparison.Ordinal)), member];
        DecodeResult result = _events.Decode("{" + string.Join(',', others) + ",\"data\":{\"key\":\"k\"}}");
        Assert.Equal("invalid_cloudevent", result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_NoAttributesAnywhere_NamesBothModes()
    {
        DecodeResult result = _events.Decode("{\"key\":\"k\",\"n\":5}");
        Assert.Equal("invalid_cloudevent", result.Reason);
        Assert.Contains("structured mode", result.Message, StringComparison.Ordinal);
        Assert.Contains("binary mode", result.Message, StringComparison.Ordinal);
        Assert.False(result.KeysKnown);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/vnd.order+json; charset=UTF-8")]
    [InlineData(null)]
    public void Decode_BinaryMode_TakesAttributesFromHeadersAndDataFromThePayload(string? contentType)
    {
        (string, string)[] headers =
        [
            .. Headers, ("ce_time", "2026-01-31T11:59:59Z"), ("ce_num", "7"), ("ce_count", "8"), ("tenant-id", "acme"),
            .. contentType is null ? [] : new[] { ("Content-Type", contentType) },
        ];
        DecodeResult result = _events.Decode("{\"key\":\"k\",\"order\":{\"n\":5}}", headers);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal("\"k\" | 5 | \"t\" | \"7\" | 8 | null | null | null | \"acme\"", _events.Values);
        Assert.Equal(PathEvents.NowMs - 1_000, _events.Record.EventTimeMs);
        ulong id = _events.Record.IdHash;
        _events.Decode("{" + Head + ",\"data\":{\"key\":\"k\"}}");
        Assert.Equal(id, _events.Record.IdHash);
    }

    [Theory]
    [InlineData("ce_id", "", "'id' is empty")]
    [InlineData("ce_specversion", "0.3", "specversion is not 1.0")]
    [InlineData("ce_time", "", "time is ''")]
    [InlineData("ce_time", "1769857200000", "RFC 3339")]
    [InlineData("ce_count", "x", "the field 'ce_count' is int64")]
    [InlineData("content-type", "text/plain", "data is text/plain; application/json is read")]
    public void Decode_BinaryModeWithBadHeaders_IsRefused(string name, string value, string words)
    {
        (string, string)[] headers = [.. Headers.Where(h => h.Item1 != name), (name, value)];
        DecodeResult result = _events.Decode("{\"key\":\"k\"}", headers);
        Assert.Equal("invalid_cloudevent", result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
        Assert.True(result.KeysKnown);
    }

    [Fact]
    public void Decode_BinaryModeWithBadData_NamesThePlaceInThePayload()
    {
        DecodeResult result = _events.Decode("{\"key\":\"k\",\"order\":{\"n\":\"5\"}}", Headers);
        Assert.Contains("order.order.n at byte 24: found \"5\"", result.Message, StringComparison.Ordinal);
        Assert.Equal("missing_key", _events.Decode("", Headers).Reason);
        Assert.Equal("missing_key", _events.Decode(" null ", Headers).Reason);
        Assert.Equal("not_an_object", _events.Decode("[1]", Headers).Reason);
    }

    [Fact]
    public void Decode_StructuredModeBesideHeaders_IsKnownByTheContentType()
    {
        (string, string)[] headers =
            [("ce_specversion", "1.0"), ("content-type", "Application/CloudEvents+JSON; charset=utf-8")];
        DecodeResult result = _events.Decode("{" + Head + ",\"data\":{\"key\":\"k\"}}", headers);
        Assert.True(result.Succeeded, result.Message);
    }

    [Fact]
    public void Decode_BinaryModeWithAnotherType_IsOtherContent()
    {
        _events.Decode("{\"key\":\"k\"}", Headers);
        ulong content = _events.Record.ContentHash;
        _events.Decode("{\"key\":\"k\"}", [.. Headers, ("traceparent", "00-1")]);
        Assert.Equal(content, _events.Record.ContentHash);
        _events.Decode("{\"key\":\"k\"}", [.. Headers[..3], ("ce_type", "u")]);
        Assert.NotEqual(content, _events.Record.ContentHash);
    }

    [Fact]
    public void Decode_ManyGoodEvents_AllocatesNothing()
    {
        string json = "{" + Head + ",\"num\":7,\"count\":\"8\",\"\\u0061t\":\"2026-01-31T11:00:00\\u002b00:00\","
            + "\"data\":{\"key\":\"k\",\"order\":{\"n\":5}}}";
        Assert.Equal(0, _events.MeasureAllocation(json));
        Assert.Equal(0, _events.MeasureAllocation(
            "{\"key\":\"k\"}", [.. Headers, ("ce_count", "8"), ("tenant-id", "acme"), ("content-type", "text/json")]));
    }

    private DecodeResult Decode(string member) => _events.Decode(
        "{" + Head + ",\"data\":{\"key\":\"k\"}" + (member.Length > 0 ? "," + member : "") + "}");
}
