using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Avro;

public sealed class AvroHostileTests(ITestOutputHelper output)
{
    private const string Nested =
        """{"name":"tree","type":["null",{"type":"record","name":"N","""
        + """ "fields":[{"name":"next","type":["null","N"]}]}]}""";

    private static readonly string Full = AvroDecoderTests.Schema(
        """{"name":"amount","type":"double"}""",
        """{"name":"nulls","type":{"type":"array","items":"null"}}""",
        """{"name":"tags","type":{"type":"array","items":"string"}}""",
        """{"name":"map","type":{"type":"map","values":["null","long",{"type":"array","items":"double"}]}}""",
        Nested);

    private static AvroWriter Good() => new AvroWriter().Text("k").Double(1.5).Long(0).Long(1).Text("t").Long(0)
        .Long(1).Text("m").Long(2).Long(1).Double(2).Long(0).Long(0).Long(1).Long(1).Long(0);

    private static SchemaEvents Events()
    {
        var events = new SchemaEvents("avro", "amount: double", "tags: list", "nulls: list");
        events.Registry.Add(1, Full);
        return events;
    }

    [Fact]
    public async Task Decode_EveryTruncationAndOneByteMore_IsRefused()
    {
        using SchemaEvents events = Events();
        byte[] payload = Good().ToArray();
        DecodeResult whole = await events.DecodeAsync(1, payload);
        Assert.True(whole.Succeeded, whole.Message);
        for (int length = 0; length < payload.Length; length++)
        {
            DecodeResult cut = events.Decode(SchemaEvents.Frame(1, payload[..length]));
            Assert.Equal("invalid_avro", cut.Reason);
            Assert.InRange(cut.Position, 0, length);
        }

        Assert.Contains("bytes are left", events.Decode(SchemaEvents.Frame(1, [.. payload, 0])).Message);
    }

    [Fact]
    public async Task Decode_RandomDamage_NeverThrows()
    {
        using SchemaEvents events = Events();
        byte[] payload = Good().ToArray();
        await events.DecodeAsync(1, payload);
        int seed = Seeds.Next(output);
        var random = new Random(seed);
        for (int i = 0; i < 50_000; i++)
        {
            byte[] damaged = [.. payload];
            for (int hits = random.Next(1, 4); hits > 0; hits--)
            {
                damaged[random.Next(damaged.Length)] = random.Next(3) == 0 ? (byte)0xFF : (byte)random.Next(256);
            }

            DecodeResult result = events.Decode(SchemaEvents.Frame(1, damaged[..random.Next(damaged.Length + 1)]));
            Assert.True(result.Succeeded == (result.Message.Length == 0), $"seed {seed}, payload {i}");
        }
    }

    [Fact]
    public async Task Decode_HugeCounts_EndAtOnce()
    {
        using SchemaEvents events = Events();
        AvroWriter head = new AvroWriter().Text("k").Double(1);
        byte[] nulls = [.. head.ToArray(), .. new AvroWriter().Long(long.MaxValue).Long(0).ToArray(), 0, 0, 0];
        Assert.Equal("list_too_long", (await events.DecodeAsync(1, nulls)).Reason);

        byte[] many = [.. head.ToArray(), .. Enumerable.Repeat(new AvroWriter().Long(1 << 30).ToArray(), 100_000)
            .SelectMany(b => b), 0, 0, 0, 0];
        Assert.Equal("list_too_long", (await events.DecodeAsync(1, many)).Reason);

        byte[] texts = [.. head.ToArray(), 0, .. new AvroWriter().Long(1L << 40).ToArray(), 0];
        Assert.Equal(("invalid_avro", true), Reason(await events.DecodeAsync(1, texts), "larger than what is left"));

        byte[] smallest = [.. head.ToArray(), 0, .. new AvroWriter().Long(long.MinValue).Long(0).ToArray(), 0];
        Assert.Equal(("invalid_avro", true), Reason(await events.DecodeAsync(1, smallest), "larger than what is left"));
    }

    [Fact]
    public async Task Decode_BadNumbers_AreRefusedWithWords()
    {
        using SchemaEvents events = Events();
        byte[] negative = new AvroWriter().Long(-5).ToArray();
        Assert.Equal(("invalid_avro", true), Reason(await events.DecodeAsync(1, negative), "is negative"));
        byte[] endless = [.. Enumerable.Repeat((byte)0xFF, 40)];
        Assert.Equal(("invalid_avro", true), Reason(await events.DecodeAsync(1, endless), "more bytes than its type"));
        byte[] branch = [.. Good().ToArray()[..^3], 8, 0];
        Assert.Equal(("invalid_avro", true), Reason(await events.DecodeAsync(1, branch), "not in the schema"));
    }

    [Fact]
    public async Task Decode_RecursionWithoutEnd_IsTooDeep()
    {
        using SchemaEvents events = Events();
        byte[] deep = [.. Good().ToArray()[..^3], .. Enumerable.Repeat((byte)2, 100_000), 0];
        Assert.Equal("too_deep", (await events.DecodeAsync(1, deep)).Reason);
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(0, true)]
    public async Task Decode_Decimal_HasAtMost64Bytes(int bytes, bool isGood)
    {
        using var events = new SchemaEvents("avro", "amount: double");
        events.Registry.Add(1, AvroDecoderTests.Schema(
            """{"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}"""));
        byte[] number = [.. Enumerable.Repeat((byte)0xFF, bytes)];
        DecodeResult result = await events.DecodeAsync(1, new AvroWriter().Text("k").Bytes(number).ToArray());
        Assert.Equal(isGood ? "" : "number_out_of_range", result.Reason);
        Assert.Equal(!isGood ? 0 : bytes == 0 ? 0 : -0.01, events["amount"].ToDouble());
    }

    private static (string Reason, bool Has) Reason(DecodeResult result, string words) =>
        (result.Reason, result.Message.Contains(words, StringComparison.Ordinal));
}
