using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using static ContextGrid.Runtime.Tests.Codecs.PaymentEvents;

namespace ContextGrid.Runtime.Tests.Codecs;

public sealed class JsonEventDecoderRefusalTests
{
    private const string Tail = "\"user_id\":\"u7\",\"device\":17,\"ts\":1769860800000}";

    private readonly EventRecord _record = Record();

    [Theory]
    [InlineData("", "invalid_json", "payment at byte 0: not valid JSON: the payload is empty.")]
    [InlineData("  \n", "invalid_json", "payload is empty")]
    [InlineData("hello", "invalid_json", "a value was expected")]
    [InlineData("{\"user_id\":", "invalid_json",
        "payment.user_id at byte 11: not valid JSON: the text ends too early.")]
    [InlineData("{\"user_id\":\"u", "invalid_json", "ends too early")]
    [InlineData("{\"user_id\":tru", "invalid_json", "ends too early")]
    [InlineData("{\"user_id\" \"u\"}", "invalid_json", "a colon")]
    [InlineData("{user_id:\"u\"}", "invalid_json", "member's name in double quotes")]
    [InlineData("{\"user_id\":\"u\",}", "invalid_json", "member's name in double quotes")]
    [InlineData("{\"user_id\":\"u\" \"ts\":1}", "invalid_json", "a comma or the closing bracket")]
    [InlineData("{\"x\":[1,]}", "invalid_json", "a value was expected")]
    [InlineData("{\"x\":[1 2]}", "invalid_json", "a comma or the closing bracket")]
    [InlineData("{\"x\":01}", "invalid_json", "needless zero")]
    [InlineData("{\"x\":+1}", "invalid_json", "needless zero or a plus")]
    [InlineData("{\"x\":1.}", "invalid_json", "a number looks like")]
    [InlineData("{\"x\":-}", "invalid_json", "a number looks like")]
    [InlineData("{\"x\":1e}", "invalid_json", "a number looks like")]
    [InlineData("{\"x\":\"\\x\"}", "invalid_json", "an escape is one of")]
    [InlineData("{\"x\":\"\\u12g4\"}", "invalid_json", "an escape is one of")]
    [InlineData("{\"x\":\"a\nb\"}", "invalid_json", "control character")]
    [InlineData("{\"amount\":NaN}", "invalid_json", "payment.amount at byte 10: not valid JSON: JSON has no NaN")]
    [InlineData("{\"amount\":-Infinity}", "invalid_json", "JSON has no NaN or Infinity; send null")]
    [InlineData("{\"user_id\":\"u\",\"ts\":1769860800000} x", "invalid_json", "text after the object")]
    [InlineData("{\"user_id\":\"u\",\"ts\":1769860800000}{}", "invalid_json", "text after the object")]
    [InlineData("\uFEFF{}", "missing_key", "a key for no entity")]
    [InlineData("\uFEFF", "invalid_json", "the payload is empty")]
    [InlineData("\uFEFF\uFEFF{}", "invalid_json", "a value was expected")]
    [InlineData("[1]", "not_an_object", "payment at byte 0: found [1]; an event is one JSON object")]
    [InlineData("\"x\"", "not_an_object", "found \"x\"")]
    [InlineData(" null", "not_an_object", "found null")]
    [InlineData("{}", "missing_key", "a key for no entity")]
    [InlineData("{\"user_id\":null,\"ts\":1769860800000}", "missing_key", "a key for no entity")]
    public void Decode_NotAnEvent_IsRefused(string json, string reason, string message)
    {
        DecodeResult result = Decode(json, _record);

        Assert.Equal(reason, result.Reason);
        Assert.Contains(message, result.Message);
    }

    [Theory]
    [InlineData("\"amount\":\"12.5\"", "wrong_type",
        "payment.amount at byte 10: found \"12.5\"; a number was meant; write the number without quotes.")]
    [InlineData("\"amount\":true", "wrong_type", "found true; a number was meant.")]
    [InlineData("\"amount\":{\"a\":1}", "wrong_type", "found {\"a\":1}; a number was meant.")]
    [InlineData("\"amount\":1e400", "number_out_of_range", "1e400 does not fit a number; the largest is about")]
    [InlineData("\"quantity\":1.5", "wrong_type",
        "found 1.5; an integer of 64 bits was meant; it has a fraction: declare the field as double")]
    [InlineData("\"quantity\":9223372036854775808", "number_out_of_range",
        "does not fit an integer of 64 bits; declare")]
    [InlineData("\"quantity\":-9223372036854775809", "number_out_of_range", "does not fit an integer of 64 bits")]
    [InlineData("\"quantity\":1e19", "number_out_of_range", "does not fit")]
    [InlineData("\"quantity\":123456789012345678901234567890", "number_out_of_range", "does not fit")]
    [InlineData("\"quantity\":1e999999999999", "number_out_of_range", "does not fit")]
    [InlineData("\"quantity\":\"3\"", "wrong_type", "write the number without quotes")]
    [InlineData("\"quantity\":\"abc\"", "wrong_type", "found \"abc\"; an integer of 64 bits was meant.")]
    [InlineData("\"ok\":1", "wrong_type", "found 1; true or false was meant.")]
    [InlineData("\"payment_id\":12", "wrong_type",
        "found 12; a text in double quotes was meant; write the text in quotes.")]
    [InlineData("\"tags\":\"a\"", "wrong_type", "a list of numbers, texts, true or false was meant")]
    [InlineData("\"tags\":[[1]]", "wrong_type", "a list's items are not lists or objects")]
    [InlineData("\"tags\":[1e400]", "number_out_of_range", "does not fit")]
    [InlineData("\"payment_id\":\"\\ud800\"", "lone_surrogate", "half of a surrogate pair")]
    [InlineData("\"x\":\"\\udc00\\ud800\"", "lone_surrogate", "payment at byte 6: a \\u escape is half")]
    [InlineData("\"seen\":\"yesterday\"", "bad_timestamp", "RFC 3339 text such as")]
    [InlineData("\"seen\":\"2026-01-31T12:00:00\"", "bad_timestamp", "ends with Z or an offset")]
    [InlineData("\"seen\":\"2026-02-30T12:00:00Z\"", "bad_timestamp", "payment.seen at byte 8: found \"2026-02-30")]
    [InlineData("\"seen\":\"1769860800000\"", "bad_timestamp", "write it without quotes")]
    [InlineData("\"seen\":1.5", "bad_timestamp", "a whole number")]
    [InlineData("\"seen\":1769860800000000", "bad_timestamp", "looks like microseconds")]
    [InlineData("\"seen\":1769860800000000000", "bad_timestamp", "looks like nanoseconds")]
    [InlineData("\"amount\":1,\"amount\":1", "duplicate_member", "payment.amount at byte 13: the member occurs twice")]
    public void Decode_BadField_IsRefusedWithTheKeysKnown(string members, string reason, string message)
    {
        DecodeResult result = Decode("{" + members + "," + Tail, _record);

        Assert.Equal(reason, result.Reason);
        Assert.Contains(message, result.Message);
        Assert.True(result.KeysKnown);
        Assert.Equal("u7", Encoding.UTF8.GetString(_record.Fields[User].Utf8));
        Assert.Equal(17, _record.Fields[Device].Int64);
    }

    [Theory]
    [InlineData("null", "missing_timestamp", "payment.ts at byte 0: the event time is missing or null")]
    [InlineData("\"soon\"", "bad_timestamp", "found \"soon\"")]
    [InlineData("1769860800", "bad_timestamp", "payment.ts at byte 32: found 1769860800; it looks like seconds")]
    [InlineData("1769861100001", "too_far_in_future",
        "the event time 2026-01-31T12:05:00.001Z is more than 300000 ms ahead of "
        + "the record's time 2026-01-31T12:00:00.000Z")]
    public void Decode_BadEventTime_IsRefusedWithTheKeysKnown(string time, string reason, string message)
    {
        DecodeResult result = Decode("{\"user_id\":\"u\",\"device\":17,\"ts\":" + time + "}", _record);

        Assert.Equal(reason, result.Reason);
        Assert.Contains(message, result.Message);
        Assert.True(result.KeysKnown);
    }

    [Theory]
    [InlineData("\"\"", "empty_key")]
    [InlineData("7", "wrong_type")]
    [InlineData("\"a\",\"user_id\":\"b\"", "duplicate_member")]
    [InlineData("\"\\ud800\"", "lone_surrogate")]
    public void Decode_BadKey_KeepsTheOtherKeys(string key, string reason)
    {
        DecodeResult result = Decode("{\"user_id\":" + key + ",\"device\":17,\"ts\":1769860800000}", _record);

        Assert.Equal(reason, result.Reason);
        Assert.False(result.KeysKnown);
        Assert.True(_record.Fields[User].IsNull);
        Assert.Equal(17, _record.Fields[Device].Int64);
    }

    [Fact]
    public void Decode_KeyOf1025Bytes_IsRefused()
    {
        Assert.Equal("key_too_long", Decode(Good.Replace("u7", new string('k', 1025)), _record).Reason);
        Assert.Equal("", Decode(Good.Replace("u7", new string('k', 1024)), _record).Reason);
    }

    [Theory]
    [InlineData('[', 62, "")]
    [InlineData('[', 63, "")]
    [InlineData('[', 64, "too_deep")]
    [InlineData('[', 1000, "too_deep")]
    [InlineData('{', 1000, "too_deep")]
    public void Decode_Nesting_IsLimitedTo64(char bracket, int depth, string reason)
    {
        string open = bracket == '[' ? "[" : "{\"a\":", close = bracket == '[' ? "]" : "}";
        string nested = string.Concat(Enumerable.Repeat(open, depth)) + "1"
            + string.Concat(Enumerable.Repeat(close, depth));

        Assert.Equal(reason, Decode("{\"x\":" + nested + "," + Tail, _record).Reason);
    }

    [Fact]
    public void Decode_InvalidUtf8_IsRefusedAtTheByte()
    {
        byte[] payload = Encoding.Latin1.GetBytes("{\"payment_id\":\"\u00e9\"," + Tail);

        DecodeResult result = Decode(payload, _record);

        Assert.Equal(("invalid_utf8", 15, true), (result.Reason, result.Position, result.KeysKnown));
        Assert.Contains("at byte 15", result.Message);
    }

    [Fact]
    public void Decode_InvalidUtf8InKey_LeavesThatKeyOut()
    {
        DecodeResult result = Decode(Encoding.Latin1.GetBytes(Good.Replace("u7", "\u00e9")), _record);

        Assert.Equal(("invalid_utf8", false), (result.Reason, result.KeysKnown));
        Assert.True(_record.Fields[User].IsNull);
    }

    [Fact]
    public void Decode_OverOneMebibyte_IsRefused()
    {
        DecodeResult result = Decode(Good.Replace("p1", new string('x', 1024 * 1024)), _record);

        Assert.Equal("too_large", result.Reason);
        Assert.Contains("at most 1048576", result.Message);
    }

    [Fact]
    public void Decode_ListOf1025Items_IsRefused()
    {
        string items = string.Join(",", Enumerable.Repeat("1", 1025));

        Assert.Equal("list_too_long", Decode("{\"tags\":[" + items + "]," + Tail, _record).Reason);
        Assert.Equal("", Decode("{\"tags\":[" + items[2..] + "]," + Tail, _record).Reason);
    }
}
