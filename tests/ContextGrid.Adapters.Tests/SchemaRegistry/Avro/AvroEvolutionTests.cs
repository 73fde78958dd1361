using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Avro;

/// <summary>A writer's schema changes while records come; the definition stays as it is.</summary>
public sealed class AvroEvolutionTests
{
    private static readonly string[] Schemas =
    [
        // At first; a field is added before and behind; one is removed.
        AvroDecoderTests.Schema("""{"name":"amount","type":"int"}""", """{"name":"status","type":"string"}"""),
        AvroDecoderTests.Schema(
            """{"name":"note","type":"string"}""", """{"name":"amount","type":"int"}""",
            """{"name":"status","type":"string"}""", """{"name":"more","type":"long"}"""),
        AvroDecoderTests.Schema("""{"name":"amount","type":"int"}"""),

        // It is renamed, and the old name stays as an alias; widened; made optional.
        AvroDecoderTests.Schema(
            """{"name":"total","type":"int","aliases":["amount"]}""", """{"name":"status","type":"string"}"""),
        AvroDecoderTests.Schema("""{"name":"amount","type":"long"}""", """{"name":"status","type":"string"}"""),
        AvroDecoderTests.Schema("""{"name":"amount","type":"double"}""", """{"name":"status","type":"string"}"""),
        AvroDecoderTests.Schema(
            """{"name":"amount","type":["null","double"],"default":null}""",
            """{"name":"status","type":["string","null"]}"""),
    ];

    private static readonly byte[][] Payloads =
    [
        new AvroWriter().Text("k").Long(1).Text("a").ToArray(),
        new AvroWriter().Text("k").Text("n").Long(2).Text("b").Long(9).ToArray(),
        new AvroWriter().Text("k").Long(3).ToArray(),
        new AvroWriter().Text("k").Long(4).Text("d").ToArray(),
        new AvroWriter().Text("k").Long(1L << 40).Text("e").ToArray(),
        new AvroWriter().Text("k").Double(6.5).Text("f").ToArray(),
        new AvroWriter().Text("k").Long(0).Long(1).ToArray(),
    ];

    [Fact]
    public async Task Decode_SchemasChangeMidStream_FieldsKeepTheirMeaning()
    {
        using var events = new SchemaEvents("avro", "amount: double", "status: string");
        for (int i = 0; i < Schemas.Length; i++)
        {
            events.Registry.Add(i + 1, Schemas[i]);
        }

        // One batch holds them all, and the next ones mix them.
        byte[][] framed = [.. Payloads.Select((p, i) => SchemaEvents.Frame(i + 1, p))];
        await events.PrepareAsync(framed);
        string[] seen = [.. framed.Concat(framed.Reverse()).Select(f =>
        {
            DecodeResult result = events.Decode(f);
            return result.Succeeded ? string.Join(' ', events.Values()) : result.Message;
        })];

        string[] meant =
            ["1 \"a\"", "2 \"b\"", "3 null", "4 \"d\"", "1099511627776 \"e\"", "6.5 \"f\"", "null null"];
        Assert.Equal(meant.Concat(meant.Reverse()), seen);
    }

    [Fact]
    public async Task Decode_ChangeThatBreaks_RefusesTheNewAndTakesTheOld()
    {
        using var events = new SchemaEvents("avro", "amount: double");
        events.Registry.Add(1, AvroDecoderTests.Schema("""{"name":"amount","type":"int"}"""));
        events.Registry.Add(2, AvroDecoderTests.Schema("""{"name":"amount","type":"string"}"""));
        byte[] good = SchemaEvents.Frame(1, new AvroWriter().Text("k").Long(1).ToArray());
        byte[] bad = SchemaEvents.Frame(2, new AvroWriter().Text("k").Text("1").ToArray());
        await events.PrepareAsync(good, bad, good);

        Assert.Equal([true, false, true], new[] { good, bad, good }.Select(f => events.Decode(f).Succeeded));
        Assert.Equal("schema_mismatch", events.Decode(bad).Reason);
    }

    [Fact]
    public async Task Decode_NameAndAliasBothDeclared_TheNameWins()
    {
        using var events = new SchemaEvents("avro", "amount: double", "total: double");
        events.Registry.Add(1, AvroDecoderTests.Schema("""{"name":"total","type":"int","aliases":["amount"]}"""));
        DecodeResult result = await events.DecodeAsync(1, new AvroWriter().Text("k").Long(4).ToArray());
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(["null", "4"], events.Values());
    }
}
