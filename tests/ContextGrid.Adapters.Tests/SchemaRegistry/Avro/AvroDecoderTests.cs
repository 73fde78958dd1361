using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Avro;

public sealed class AvroDecoderTests
{
    /// <summary>A record's schema with the field <c>key</c> in front.</summary>
    internal static string Schema(params string[] fields) =>
        """{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"key","type":"string"}"""
        + string.Concat(fields.Select(f => "," + f)) + "]}";

    [Fact]
    public async Task Decode_EveryLogicalType_GivesTheFieldsType()
    {
        using var events = new SchemaEvents(
            "avro", "ms: timestamp", "us: timestamp", "ns: timestamp", "local: timestamp", "day: timestamp",
            "text: timestamp", "clock: int64", "price: double", "weight: double", "uid: string", "bin: string",
            "span: list");
        events.Registry.Add(1, Schema(
            """{"name":"ms","type":{"type":"long","logicalType":"timestamp-millis"}}""",
            """{"name":"us","type":{"type":"long","logicalType":"timestamp-micros"}}""",
            """{"name":"ns","type":{"type":"long","logicalType":"timestamp-nanos"}}""",
            """{"name":"local","type":{"type":"long","logicalType":"local-timestamp-millis"}}""",
            """{"name":"day","type":{"type":"int","logicalType":"date"}}""",
            """{"name":"text","type":"string"}""",
            """{"name":"clock","type":{"type":"long","logicalType":"time-micros"}}""",
            """{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}""",
            """{"name":"weight","type":{"type":"fixed","name":"W","size":9,"""
                + """ "logicalType":"decimal","precision":20,"scale":3}}""",
            """{"name":"uid","type":{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}}""",
            """{"name":"bin","type":{"type":"string","logicalType":"uuid"}}""",
            """{"name":"span","type":{"type":"fixed","name":"D","size":12,"logicalType":"duration"}}"""));
        byte[] payload = new AvroWriter().Text("k").Long(1).Long(-1).Long(2_999_999).Long(5).Long(2)
            .Text("1970-01-01T00:00:01Z").Long(7).Bytes(0xFF, 0x38).Raw(0, 0, 0, 0, 0, 0, 1, 0x86, 0xA1)
            .Raw([.. Enumerable.Range(0, 16).Select(i => (byte)i)]).Text("x").Raw(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0)
            .ToArray();

        DecodeResult result = await events.DecodeAsync(1, payload);

        Assert.True(result.Succeeded, result.Message);
        Assert.Equal([1, -1, 2, 5, 172_800_000, 1000], new[] { "ms", "us", "ns", "local", "day", "text" }
            .Select(f => events[f].Int64));
        Assert.Equal((7, -2.0, 100.001), (events["clock"].Int64, events["price"].Double, events["weight"].Double));
        Assert.Equal("00010203-0405-0607-0809-0a0b0c0d0e0f", events["uid"].ToString().Trim('"'));
        Assert.Equal([1, 2, 3], events["span"].Items.ToArray().Select(v => v.Int64));
    }

    [Theory]
    [InlineData("/* what */ ", "// which\n", "\"acme.Order\"")]
    [InlineData("\uFEFF", "", "\"acme.Order\"")]
    [InlineData("", "\"namespace\":null,", "\"Order\"")]
    [InlineData("", "\"namespace\":null,\"doc\":null,\"aliases\":null,", "\"acme.Inner\"")]
    public async Task Decode_SpellingsOfAvrosOwnParser_AreRead(string before, string inside, string use)
    {
        using var events = new SchemaEvents("avro", "in.n: int64");
        events.Registry.Add(
            1,
            $$"""
            {{before}}{"type":"record","name":"Order","namespace":"acme","fields":[{"name":"key","type":"string"},
             {"name":"in","type":{{{inside}}"type":"record","name":"Inner","fields":[{"name":"n","type":"int"}]} },
             {"name":"next","type":["null",{{use}}]}]}
            """);
        DecodeResult result = await events.DecodeAsync(1, new AvroWriter().Text("k").Long(7).Long(0).ToArray());
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(["7"], events.Values());
    }

    [Fact]
    public async Task Decode_OneSchemaUnderTwoNamesOfReferences_IsReadOnce()
    {
        const string Money = """{"type":"record","name":"shop.Money","fields":[{"name":"n","type":"int"}]}""";
        using var events = new SchemaEvents("avro", "in.n: int64");
        events.Registry.Add(
            1, Schema("""{"name":"in","type":"Money"}"""), null, ("Money", Money), ("shop.Money", Money));
        DecodeResult result = await events.DecodeAsync(1, new AvroWriter().Text("k").Long(7).ToArray());
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(["7"], events.Values());
    }

    [Fact]
    public async Task Decode_NestedMembersUnionsAndLists_AreFoundByDottedNames()
    {
        using var events = new SchemaEvents(
            "avro", "address.city: string", "address.geo.lat: double", "tags: list", "level: string", "lacking: int64");
        events.Registry.Add(3, Schema(
            """{"name":"skipped","type":{"type":"map","values":{"type":"array","items":"long"}}}""",
            """{"name":"address","type":["null",{"type":"record","name":"Address","fields":["""
                + """{"name":"city","type":["null","string"]},{"name":"geo","type":{"type":"record","name":"Geo","""
                + """ "fields":[{"name":"lat","type":"float"}]}}]}]}""",
            """{"name":"tags","type":{"type":"array","items":["null","string","int"]}}""",
            """{"name":"level","type":{"type":"enum","name":"L","symbols":["LOW","HIGH"]}}"""));

        // The map's block says its size, six bytes, and is passed over as a whole; so does the list's second block.
        byte[] payload = new AvroWriter().Text("k")
            .Long(-1).Long(6).Text("m").Long(2).Long(1).Long(2).Long(0).Long(0)
            .Long(1).Long(1).Text("Köln").Float(1.5f)
            .Long(2).Long(1).Text("a").Long(0).Long(-1).Long(2).Long(2).Long(40).Long(0)
            .Long(1).ToArray();
        DecodeResult result = await events.DecodeAsync(3, payload);

        Assert.True(result.Succeeded, result.Message);
        Assert.Equal("\"Köln\"", events["address.city"].ToString());
        Assert.Equal(1.5, events["address.geo.lat"].Double);
        Assert.Equal(["\"a\"", "null", "40"], events["tags"].Items.ToArray().Select(v => v.ToString()));
        Assert.Equal("\"HIGH\"", events["level"].ToString());
        Assert.True(events["lacking"].IsNull);
    }

    [Fact]
    public async Task Decode_ReferencedSchema_IsResolved()
    {
        using var events = new SchemaEvents("avro", "total.amount: double");
        events.Registry.Add(
            5,
            Schema("""{"name":"total","type":"money.Amount"}"""),
            null,
            ("money.Amount", """{"type":"record","name":"money.Amount","fields":[{"name":"amount","type":"long"}]}"""));

        DecodeResult result = await events.DecodeAsync(5, new AvroWriter().Text("k").Long(42).ToArray());

        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(42.0, events["total.amount"].Double);
    }

    [Theory]
    [InlineData("""{"name":"amount","type":"string"}""", "schema_mismatch", "'amount' is string; a number was meant")]
    [InlineData("""{"name":"amount","type":"boolean"}""", "schema_mismatch", "(schema 7, subject orders-value)")]
    [InlineData("""{"name":"amount","type":["null","string"]}""", "schema_mismatch", "is union of null, string")]
    [InlineData("""{"name":"amount","type":"nothing"}""", "schema_mismatch", "'nothing' is not known")]
    public async Task Decode_SchemaCantBeResolved_SaysFieldTypesAndSchema(string field, string reason, string words)
    {
        using var events = new SchemaEvents("avro", "amount: double");
        events.Registry.Add(7, Schema(field));

        DecodeResult result = await events.DecodeAsync(7, [0]);

        Assert.Equal(reason, result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
        Assert.False(result.KeysKnown);
    }

    [Fact]
    public async Task Decode_UnionBranchCantBeRead_RefusesThatEventOnly()
    {
        using var events = new SchemaEvents("avro", "amount: double");
        events.Registry.Add(7, Schema("""{"name":"amount","type":["null","string","int"]}"""));

        DecodeResult good = await events.DecodeAsync(7, new AvroWriter().Text("k").Long(2).Long(5).ToArray());
        Assert.Equal((true, 5.0), (good.Succeeded, events["amount"].Double));
        DecodeResult bad = await events.DecodeAsync(7, new AvroWriter().Text("k").Long(1).Text("x").ToArray());

        Assert.Equal("wrong_type", bad.Reason);
        Assert.Contains("'amount' is string; a number was meant", bad.Message, StringComparison.Ordinal);
        Assert.True(bad.KeysKnown);
    }

    [Fact]
    public async Task Decode_UnionOfRecordsAtTheRoot_ReadsTheBranch()
    {
        using var events = new SchemaEvents("avro", "amount: double", "reason: string");
        events.Registry.Add(
            7,
            """["null","a.Paid","a.Back","a.Odd","int"]""",
            null,
            ("a.Paid", Branch("a.Paid", "amount", "double")),
            ("a.Back", Branch("a.Back", "reason", "string")),
            ("a.Odd", Branch("a.Odd", "amount", "boolean")));

        DecodeResult paid = await events.DecodeAsync(7, new AvroWriter().Long(1).Text("k").Double(2.5).ToArray());
        Assert.True(paid.Succeeded, paid.Message);
        Assert.Equal(["2.5", "null"], events.Values());
        DecodeResult back = await events.DecodeAsync(7, new AvroWriter().Long(2).Text("k").Text("late").ToArray());
        Assert.True(back.Succeeded, back.Message);
        Assert.Equal("\"late\"", events["reason"].ToString());
        Assert.True(events["amount"].IsNull);

        Assert.Equal("schema_mismatch", (await events.DecodeAsync(7, new AvroWriter().Long(0).ToArray())).Reason);
        DecodeResult odd = await events.DecodeAsync(7, new AvroWriter().Long(3).Text("k").Long(1).ToArray());
        Assert.Equal("schema_mismatch", odd.Reason);
        Assert.Contains("'amount' is boolean; a number was meant", odd.Message, StringComparison.Ordinal);
        DecodeResult number = await events.DecodeAsync(7, new AvroWriter().Long(4).Long(1).ToArray());
        Assert.Contains("is int; a record was meant", number.Message, StringComparison.Ordinal);
        Assert.Equal("invalid_avro", (await events.DecodeAsync(7, new AvroWriter().Long(5).ToArray())).Reason);
    }

    [Fact]
    public async Task Decode_ChangeEventsOfADatabase_HaveTheKeyOfBeforeWhereThereIsNoAfter()
    {
        using var events = new SchemaEvents("avro", "user: string from after.id or before.id", "op: string");
        const string Row = """{"type":"record","name":"Row","fields":[{"name":"id","type":"string"}]}""";
        events.Registry.Add(7, """
            {"type":"record","name":"Envelope","fields":[{"name":"key","type":"string"},
             {"name":"before","type":["null",ROW],"default":null},{"name":"after","type":["null","Row"]},
             {"name":"op","type":"string"}]}
            """.Replace("ROW", Row, StringComparison.Ordinal));
        DecodeResult result = await events.DecodeAsync(
            7, new AvroWriter().Text("k").Long(1).Text("u1").Long(0).Text("d").ToArray());
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(("\"u1\"", "\"d\""), (events["user"].ToString(), events["op"].ToString()));
    }

    [Theory]
    [InlineData("int")]
    [InlineData("""["null","string"]""")]
    [InlineData("[]")]
    public async Task Decode_NoRecordAtTheRoot_RefusesTheSchema(string schema)
    {
        using var events = new SchemaEvents("avro", "amount: double");
        events.Registry.Add(7, schema.StartsWith('[') ? schema : $"\"{schema}\"");
        Assert.Equal("schema_mismatch", (await events.DecodeAsync(7, [0])).Reason);
    }

    [Theory]
    [InlineData(".Level", "acme", ".Level")]
    [InlineData(".Level", "acme", "Level")]
    [InlineData("Level", "", ".Level")]
    [InlineData("acme.Level", "", "acme.Level")]
    public async Task Decode_NamesWithALeadingDot_AreInNoNamespace(string name, string space, string use)
    {
        using var events = new SchemaEvents("avro", "one: string", "two: string");
        events.Registry.Add(7, $$"""
            {"type":"record","name":"Order","namespace":"acme","fields":[{"name":"key","type":"string"},
             {"name":"one","type":{"type":"enum","name":"{{name}}","namespace":"{{space}}","symbols":["LOW","HIGH"]} },
             {"name":"two","type":"{{use}}"} ]}
            """);
        DecodeResult result = await events.DecodeAsync(7, new AvroWriter().Text("k").Long(1).Long(0).ToArray());
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(["\"HIGH\"", "\"LOW\""], events.Values());
    }

    [Fact]
    public async Task Decode_FramedByAGuid_ReadsTheSchemaOfTheGuid()
    {
        using var events = new SchemaEvents("avro", "amount: double");
        var id = Guid.Parse("01020304-0506-0708-090a-0b0c0d0e0f10");
        events.Registry.Add(id, Schema("""{"name":"amount","type":"double"}"""));
        byte[] body = new AvroWriter().Text("k").Double(2.5).ToArray();
        byte[] framed = [1, .. id.ToByteArray(bigEndian: true), .. body];
        await events.PrepareAsync(framed);
        DecodeResult result = events.Decode(framed);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(2.5, events["amount"].Double);
        Assert.Equal(0, events.AllocatedBy(framed, 10_000));

        byte[] unknown = [1, .. Guid.NewGuid().ToByteArray(), .. body];
        await events.PrepareAsync(unknown);
        Assert.Equal("not_framed", events.Decode(unknown).Reason);
        Assert.Contains("by the GUID", events.Decode(unknown).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decode_SchemaIdInAHeader_IsRead()
    {
        using var events = new SchemaEvents("avro", "amount: double");
        var guid = Guid.Parse("01020304-0506-0708-090a-0b0c0d0e0f10");
        events.Registry.Add(guid, Schema("""{"name":"amount","type":"double"}"""));
        events.Registry.Add(7, Schema("""{"name":"amount","type":"int"}"""));
        byte[] real = new AvroWriter().Text("k").Double(2.5).ToArray();
        byte[] whole = new AvroWriter().Text("k").Long(3).ToArray();

        DecodeResult byGuid = await events.DecodeAsync(
            real, "__value_schema_id", [1, .. guid.ToByteArray(bigEndian: true)]);
        Assert.True(byGuid.Succeeded, byGuid.Message);
        Assert.Equal(2.5, events["amount"].Double);
        DecodeResult byNumber = await events.DecodeAsync(whole, "__value_schema_id", [0, 0, 0, 0, 7]);
        Assert.True(byNumber.Succeeded, byNumber.Message);
        Assert.Equal(3.0, events["amount"].Double);
    }

    [Theory]
    [InlineData("__value_schema_id", "GUID", "neither a zero and an id")]
    [InlineData("apicurio.value.globalId", "12345678", "Apicurio")]
    public async Task Decode_HeaderOfAnotherForm_IsNamed(string header, string value, string words)
    {
        using var events = new SchemaEvents("avro", "amount: double");
        DecodeResult result = await events.DecodeAsync([2, 0x6B], header, Encoding.UTF8.GetBytes(value));
        Assert.Equal("not_framed", result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "a tombstone")]
    [InlineData("C30131323334", "single-object encoding")]
    [InlineData("4F626A01020304", "an Avro file")]
    [InlineData("7B7D", "the format json")]
    [InlineData("000000", "its frame is cut short")]
    [InlineData("0100", "its frame is cut short")]
    [InlineData("046B", "__value_schema_id")]
    public void Decode_NoFrame_NamesWhatWasFound(string payload, string words)
    {
        using var events = new SchemaEvents("avro", "amount: double");
        DecodeResult result = events.Decode(Convert.FromHexString(payload));
        Assert.Equal("not_framed", result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decode_IdOfEightBytes_IsNamed()
    {
        using var events = new SchemaEvents("avro", "amount: double");
        DecodeResult result = await events.DecodeAsync(0, [0, 0, 0, 7, 2, 0x6B]);
        Assert.Equal("unknown_schema", result.Reason);
        Assert.Contains("Apicurio", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decode_RegistryRefuses_IsASchemaMismatchUntilItAnswersOtherwise()
    {
        using var events = new SchemaEvents("avro", "amount: double");
        events.Registry.Add(7, "<schema/>", "XSD");
        DecodeResult refused = await events.DecodeAsync(7, [0]);
        Assert.Equal("schema_mismatch", refused.Reason);
        Assert.Contains("'XSD'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("(schema 7, subject orders-value)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decode_UnknownIdOrNoFrameOrOtherLanguage_IsRefusedWithTheReason()
    {
        using var events = new SchemaEvents("avro", "amount: double");
        Assert.Equal("unknown_schema", (await events.DecodeAsync(404, [1, 2])).Reason);
        Assert.Equal("not_framed", events.Decode("{\"key\":1}"u8.ToArray()).Reason);
        events.Registry.Add(8, "syntax = \"proto3\"; message A {}", "PROTOBUF");
        DecodeResult other = await events.DecodeAsync(8, [0]);
        Assert.Contains("the payload's schema is protobuf; the definition says format: avro", other.Message);
    }

    [Fact]
    public async Task Decode_ManyGoodEvents_AllocatesNothing()
    {
        using var events = new SchemaEvents("avro", "amount: double", "tags: list", "level: string", "at: timestamp");
        events.Registry.Add(1, Schema(
            """{"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}""",
            """{"name":"unused","type":{"type":"map","values":["null","string"]}}""",
            """{"name":"tags","type":{"type":"array","items":"string"}}""",
            """{"name":"level","type":{"type":"enum","name":"L","symbols":["LOW","HIGH"]}}""",
            """{"name":"at","type":["null","string"]}"""));
        byte[] framed = SchemaEvents.Frame(1, new AvroWriter().Text("k").Bytes(5, 5).Long(1).Text("m").Long(1).Text("v")
            .Long(0).Long(2).Text("a").Text("b").Long(0).Long(1).Long(1).Text("2026-01-31T12:00:00Z").ToArray());
        await events.PrepareAsync(framed);
        Assert.Equal(0, events.AllocatedBy(framed, 10_000));
    }

    private static string Branch(string name, string field, string type) =>
        $$"""
        {"type":"record","name":"{{name}}","fields":[
         {"name":"key","type":"string"},{"name":"{{field}}","type":"{{type}}"} ]}
        """;
}
