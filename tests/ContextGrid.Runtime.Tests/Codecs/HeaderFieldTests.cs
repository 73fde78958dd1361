using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.Codecs;

public sealed class HeaderFieldTests
{
    private readonly PathEvents _events = new(
        "json",
        [
            "tenant: string from header tenant-id", "n: int64 from header n", "x: double from header x",
            "ok: bool from header ok", "at: timestamp from header at", "plain: int64",
            "sec: timestamp(s) from header sec",
        ]);

    [Theory]
    [InlineData(
        "tenant-id=a n=7 x=1.5 ok=true at=1769860799000",
        "\"a\" | 7 | 1.5 | true | 2026-01-31T11:59:59.000Z | 3 | null")]
    [InlineData(
        "other=1 tenant-id=a at=2026-01-31T11:59:59Z",
        "\"a\" | null | null | null | 2026-01-31T11:59:59.000Z | 3 | null")]
    [InlineData("tenant-id=a n= x= ok=false", "\"a\" | null | null | false | null | 3 | null")]
    [InlineData("tenant-id=a tenant-id=b n=x n=8", "\"b\" | 8 | null | null | null | 3 | null")]
    [InlineData("tenant-id=a sec=-1.5", "\"a\" | null | null | null | null | 3 | 1969-12-31T23:59:58.500Z")]
    [InlineData("Tenant-Id=c tenant-id=é", "\"é\" | null | null | null | null | 3 | null")]
    public void Decode_HeadersOfFields_GiveTheirValues(string headers, string expected)
    {
        DecodeResult result = _events.Decode("{\"plain\":3}", Of(headers));
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(expected, _events.Values);
    }

    [Theory]
    [InlineData("tenant-id=a n=7.5", "wrong_type", "order.n (header n): found 7.5; an integer of 64 bits was meant")]
    [InlineData("tenant-id=a n=9223372036854775808", "number_out_of_range", "order.n (header n): 9223372036854775808")]
    [InlineData("tenant-id=a ok=yes", "wrong_type", "found yes; true or false was meant")]
    [InlineData("tenant-id=a at=soon", "bad_timestamp", "order.at (header at): found soon")]
    [InlineData("tenant-id=a x=NaN", "wrong_type", "a number was meant")]
    public void Decode_HeaderOfAnotherType_IsRefusedByItsName(string headers, string reason, string words)
    {
        DecodeResult result = _events.Decode("{\"plain\":3}", Of(headers));
        Assert.Equal(reason, result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
        Assert.True(result.KeysKnown);
        Assert.Equal("\"a\"", _events.Record.Fields[0].ToString());
    }

    [Theory]
    [InlineData("{\"plain\":\"3\"}", "wrong_type")]
    [InlineData("{\"plain\":", "invalid_json")]
    public void Decode_BadPayloadWithTheKeyInAHeader_KnowsTheKey(string json, string reason)
    {
        DecodeResult result = _events.Decode(json, ("tenant-id", "a"));
        Assert.Equal(reason, result.Reason);
        Assert.True(result.KeysKnown);
        Assert.Equal("\"a\"", _events.Record.Fields[0].ToString());
    }

    [Fact]
    public void Decode_NoHeaders_IsMissingKey()
    {
        Assert.Equal("missing_key", _events.Decode("{\"plain\":3,\"tenant\":\"a\",\"tenant-id\":\"a\"}").Reason);
        Assert.Equal("missing_key", _events.Decode("{\"plain\":3}", ("tenant-id", "")).Reason);
    }

    [Fact]
    public void Decode_HeaderThatIsNotUtf8_IsRefused()
    {
        byte[] headers = LogHeaders.Encode([new("tenant-id", "ab")]);
        headers[^1] = 0xFF;
        byte[] payload = "{}"u8.ToArray();
        DecodeResult result = PlainDecoders.Create(_events.Definitions, 0).Decode(
            payload, 0, payload.Length, headers, PathEvents.NowMs, new EventRecord(7));
        Assert.Equal("invalid_utf8", result.Reason);
        Assert.False(result.KeysKnown);
    }

    [Fact]
    public void MoveNext_IdInAHeader_CountsRetriesOnceAndOtherContentAsConflict()
    {
        var events = new PathEvents(
            "json", ["user: string", "tenant: string from header tenant", "mid: string from header message-id"],
            "id: mid");
        var batch = new EventBatch(events.Definitions, 0, new TopicPartition("orders", 0));
        var records = new LogBatch();
        foreach (string headers in new[]
        {
            "message-id=1 tenant=a", "message-id=1 tenant=a trace=x", "message-id=2 tenant=a", "message-id=1 tenant=b",
        })
        {
            Add(records, "{\"user\":\"u\"}", headers);
        }

        batch.Load(records);
        batch.SkipAll();
        Assert.Equal((2, 1, 1), (batch.Events, batch.Duplicates, batch.Conflicts));
        DeadLetter letter = Assert.Single(batch.DeadLetters);
        Assert.Equal("message-id=1 tenant=b", string.Join(
            ' ', LogHeaders.Decode(letter.Headers.Span).Select(h => $"{h.Key}={h.Value}")));
    }

    [Fact]
    public void Validate_KeyInAHeader_IsTheRecordsKey()
    {
        EventValidation validation = new EventValidator(_events.Definitions).Validate(
            0, "{}"u8.ToArray(), PathEvents.NowMs, LogHeaders.Encode([new("tenant-id", "acme")]));
        Assert.Equal("acme", Encoding.UTF8.GetString(validation.Key.Span));
    }

    [Fact]
    public void Decode_ManyGoodEvents_AllocatesNothing() =>
        Assert.Equal(0, _events.MeasureAllocation(
            "{\"plain\":3}", Of("a=1 tenant-id=acme n=7 x=1.5 at=1769860799000")));

    private static void Add(LogBatch records, string json, string headers)
    {
        byte[] payload = Encoding.UTF8.GetBytes(json);
        byte[] encoded = LogHeaders.Encode([.. Of(headers).Select(h => KeyValuePair.Create(h.Name, h.Value))]);
        records.Reserve(payload.Length + encoded.Length);
        int at = records.BytesUsed;
        payload.CopyTo(records.Buffer, at);
        encoded.CopyTo(records.Buffer, at + payload.Length);
        records.BytesUsed += payload.Length + encoded.Length;
        records.Add(new LogBatch.Entry(
            records.Count, PathEvents.NowMs, 0, 0, at, payload.Length, at + payload.Length, encoded.Length));
    }

    private static (string Name, string Value)[] Of(string headers) =>
    [
        .. headers.Split(' ').Select(h => (h[..h.IndexOf('=', StringComparison.Ordinal)],
            h[(h.IndexOf('=', StringComparison.Ordinal) + 1)..])),
    ];
}
