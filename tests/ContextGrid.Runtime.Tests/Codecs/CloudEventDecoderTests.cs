using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.Codecs;

public sealed class CloudEventDecoderTests
{
    private const long NowMs = 1_769_860_800_000;

    private const string Good =
        """{"specversion":"1.0","id":"e1","source":"/shop","type":"order.paid","subject":"u7","""
        + "\"time\":\"2026-01-31T11:59:59Z\",\"data\":{\"user\":\"u7\",\"amount\":12.5}}";

    private static readonly DefinitionSet Definitions = Define("");

    private readonly EventRecord _record = new(4);

    [Fact]
    public void Decode_StructuredEvent_GivesDataTimeAndAttributes()
    {
        DecodeResult result = Decode(Good);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal("\"u7\"", _record.Fields[0].ToString());
        Assert.Equal(12.5, _record.Fields[1].Double);
        Assert.Equal("\"order.paid\"", _record.Fields[2].ToString());
        Assert.Equal(NowMs - 1_000, _record.EventTimeMs);
        Assert.Equal(NowMs - 1_000, _record.Fields[3].Int64);
        Assert.NotEqual(0UL, _record.IdHash);
    }

    [Fact]
    public void Decode_IdIsSourceAndIdTogether_HoweverTheyAreWritten()
    {
        Decode(Good);
        ulong first = _record.IdHash;
        Decode(Good.Replace("/shop", "\\u002fshop", StringComparison.Ordinal));
        Assert.Equal(first, _record.IdHash);
        Decode(Good.Replace("/shop", "/shop2", StringComparison.Ordinal));
        Assert.NotEqual(first, _record.IdHash);
    }

    // What stands between source and id must not be a part of either.
    [Theory]
    [InlineData("a", "b\\u0000c", "a\\u0000b", "c")]
    [InlineData("a", "\\u0000", "a\\u0000", "")]
    [InlineData("\\u0000a", "b", "\\u0000", "ab")]
    [InlineData("a\\u0000", "b", "a", "b")]
    [InlineData("a\\u0000", "b", "a", "\\u0000b")]
    public void Decode_SourceOrIdWithAZero_OtherPairsAreOtherIds(
        string source, string id, string otherSource, string otherId)
    {
        ulong IdOf(string ofSource, string ofId)
        {
            Decode(Good.Replace("/shop", ofSource, StringComparison.Ordinal)
                .Replace("\"e1\"", $"\"{ofId}\"", StringComparison.Ordinal));
            return _record.IdHash;
        }

        Assert.NotEqual(IdOf(source, id), IdOf(otherSource, otherId));
        Assert.Equal(IdOf(source, id), IdOf(source, id));
    }

    [Fact]
    public void MoveNext_SameEventTwice_CountsOnce()
    {
        var batch = new EventBatch(Definitions, 0, new TopicPartition("orders", 0));
        Assert.True(batch.HasIds);
        var records = new LogBatch();
        byte[] payload = Encoding.UTF8.GetBytes(Good);
        records.Reserve(payload.Length);
        payload.CopyTo(records.Buffer, 0);
        records.BytesUsed = payload.Length;
        records.Add(new LogBatch.Entry(0, NowMs, 0, 0, 0, payload.Length, 0, 0));
        records.Add(new LogBatch.Entry(1, NowMs, 0, 0, 0, payload.Length, 0, 0));
        batch.Load(records);
        batch.SkipAll();
        Assert.Equal((1, 1), (batch.Events, batch.Duplicates));
    }

    [Theory]
    [InlineData("\"id\":\"e1\"", "\"id\":7", "invalid_cloudevent", "'id' is missing or no text")]
    [InlineData("\"source\":\"/shop\",", "", "invalid_cloudevent", "'source' is missing")]
    [InlineData("\"1.0\"", "\"0.3\"", "invalid_cloudevent", "specversion is not 1.0")]
    [InlineData("\"data\":{", "\"data_base64\":\"AA==\",\"data\":{", "invalid_cloudevent", "data_base64")]
    [InlineData("2026-01-31T11:59:59Z", "yesterday", "invalid_cloudevent", "RFC 3339")]
    [InlineData("2026-01-31T11:59:59Z", "2027-01-31T11:59:59Z", "too_far_in_future", "ahead of the record's time")]
    [InlineData("12.5", "\"a\"", "wrong_type", "a number was meant")]
    public void Decode_BadEnvelopeOrData_IsRefusedWithTheKeysKnown(string what, string by, string reason, string words)
    {
        DecodeResult result = Decode(Good.Replace(what, by, StringComparison.Ordinal));
        Assert.Equal(reason, result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
        Assert.True(result.KeysKnown);
        Assert.Equal("\"u7\"", _record.Fields[0].ToString());
    }

    [Fact]
    public void Decode_EveryTruncation_IsRefused()
    {
        for (int length = 0; length < Good.Length; length++)
        {
            DecodeResult result = Decode(Good[..length]);
            Assert.False(result.Succeeded);
            Assert.NotEmpty(result.Message);
        }
    }

    [Fact]
    public void Decode_NoDataButAKeyAmongTheAttributes_IsGood()
    {
        DefinitionSet set = Define("      ce_subject: string\n", key: "ce_subject");
        var record = new EventRecord(5);
        string text = Good[..Good.IndexOf(",\"data\"", StringComparison.Ordinal)] + "}";
        byte[] payload = Encoding.UTF8.GetBytes(text);
        DecodeResult result = PlainDecoders.Create(set, 0).Decode(payload, 0, payload.Length, NowMs, record);
        Assert.True(result.Succeeded, result.Message);
    }

    [Fact]
    public void Decode_ManyGoodEvents_AllocatesNothing()
    {
        IEventDecoder decoder = PlainDecoders.Create(Definitions, 0);
        byte[] payload = Encoding.UTF8.GetBytes(Good);
        long least = long.MaxValue;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 5_000; i++)
            {
                decoder.Decode(payload, 0, payload.Length, NowMs, _record);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private DecodeResult Decode(string text)
    {
        byte[] payload = Encoding.UTF8.GetBytes("  " + text);
        return PlainDecoders.Create(Definitions, 0).Decode(payload, 1, payload.Length - 1, NowMs, _record);
    }

    private static DefinitionSet Define(string more, string key = "user")
    {
        string yaml = "version: 1\nevents:\n  order:\n    topic: orders\n    format: cloudevents\n    fields:\n"
            + "      user: string\n      amount: double\n      ce_type: string\n      ce_time: timestamp\n" + more
            + "entities:\n  user:\n    from: {order: " + key + "}\n    features:\n      a: order | sum(amount)\n"
            + "      b: order | last(ce_type)\n      c: order | count(ce_time)\n";
        DefinitionReadResult read = DefinitionFiles.Parse("d.yaml", yaml);
        return read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors));
    }
}
