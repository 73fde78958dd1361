using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

public sealed class ProtobufDecoderTests
{
    private const string Scalars =
        """
        syntax = "proto3";  // a comment
        package shop; /* another
        one */
        option java_package = "com.shop";
        message Order {
          string key = 1;
          double d = 2; float f = 3; int32 i32 = 4; int64 i64 = 5; uint32 u32 = 6; uint64 u64 = 7;
          sint32 s32 = 8; sint64 s64 = 9; fixed32 x32 = 10; fixed64 x64 = 11; sfixed32 y32 = 12;
          sfixed64 y64 = 13; bool b = 14; string text = 15 [json_name = "t", deprecated = true]; bytes raw = 16;
          reserved 17, 20 to 30; reserved "old";
          repeated int32 packed = 31;
          repeated sint64 loose = 32 [packed = false];
          repeated string tags = 33;
          map<string, int32> unused = 34;
          Level level = 1000;
          enum Level { option allow_alias = true; LOW = 0; HIGH = 1; TOP = 1; }
        }
        service Shop { rpc Buy (Order) returns (Order) { option deprecated = true; } }
        """;

    private static readonly string[] ScalarFields =
    [
        "d: double", "f: double", "i32: int64", "i64: int64", "u32: int64", "u64: int64", "s32: int64", "s64: double",
        "x32: int64", "x64: int64", "y32: int64", "y64: int64", "b: bool", "text: string", "raw: string",
        "packed: list", "loose: list", "tags: list", "level: string",
    ];

    [Fact]
    public async Task Decode_EveryScalar_AsProtocEncodesIt()
    {
        using var events = new SchemaEvents("protobuf", ScalarFields);
        events.Registry.Add(1, Scalars, "PROTOBUF");
        byte[] message = await Protoc.EncodeAsync(Scalars, "shop.Order", """
            key: "k" d: -1.25 f: 0.5 i32: -2147483648 i64: -9223372036854775808 u32: 4294967295
            u64: 9223372036854775807 s32: -2147483648 s64: -9 x32: 4294967295 x64: 7 y32: -7 y64: -8 b: true
            text: "Köln" raw: "ab" packed: 1 packed: -2 packed: 300 loose: 5 loose: -6 tags: "x" tags: ""
            unused { key: "a" value: 1 } level: HIGH
            """);

        DecodeResult result = await events.DecodeAsync(1, [0, .. message]);

        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(
            [
                "-1.25", "0.5", "-2147483648", "-9223372036854775808", "4294967295", "9223372036854775807",
                "-2147483648", "-9", "4294967295", "7", "-7", "-8", "true", "\"Köln\"", "\"ab\"",
                "[1, -2, 300]", "[5, -6]", "[\"x\", \"\"]", "\"HIGH\"",
            ],
            events.Values());
        Assert.Equal(0, events.AllocatedBy(SchemaEvents.Frame(1, [0, .. message]), 2_000));
    }

    [Theory]
    [InlineData(new byte[0], "1")]
    [InlineData(new byte[] { 0 }, "1")]
    [InlineData(new byte[] { 2, 2 }, "null")]
    public async Task Decode_SchemaIdAndPathInAHeader_ReadsThatMessage(byte[] path, string first)
    {
        using var events = new SchemaEvents("protobuf", "a: int64", "b: int64");
        events.Registry.Add(
            7,
            "syntax = \"proto3\"; message A { string key = 1; int64 a = 2; } "
                + "message B { string key = 1; int64 b = 2; }",
            "PROTOBUF");
        DecodeResult result = await events.DecodeAsync(
            [0x0A, 1, (byte)'k', 0x10, 1], "__value_schema_id", [0, 0, 0, 0, 7, .. path]);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal([first, first == "null" ? "1" : "null"], events.Values());
    }

    [Fact]
    public async Task Decode_EmptyProto3Message_HasTheDefaultsOfItsTypes()
    {
        using var events = new SchemaEvents("protobuf", [.. ScalarFields, "lacking: int64"]);
        events.Registry.Add(1, Scalars, "PROTOBUF");
        DecodeResult result = await events.DecodeAsync(1, [0, 0x0A, 1, (byte)'k']);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(
            [
                "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "false", "\"\"", "\"\"", "[]", "[]", "[]",
                "\"LOW\"", "null",
            ],
            events.Values());
    }

    [Fact]
    public async Task Decode_Proto2_HasPresenceDeclaredDefaultsGroupsAndClosedEnums()
    {
        const string Schema =
            """
            syntax = "proto2";
            message Order {
              required string key = 1;
              optional int32 count = 2 [default = -7];
              optional string name = 3 [default = "no" "ne"];
              optional Kind kind = 4 [default = B];
              optional bool maybe = 5;
              optional group Result = 6 { optional string url = 1; extensions 100 to max; }
              enum Kind { A = 1; B = 2; }
              repeated Kind kinds = 7;
              extensions 1000 to 2000;
            }
            extend Order { optional int32 more = 1000; }
            """;
        using var events = new SchemaEvents(
            "protobuf", "count: int64", "name: string", "kind: string", "maybe: bool", "result.url: string",
            "kinds: list");
        events.Registry.Add(4, Schema, "PROTOBUF");
        DecodeResult empty = await events.DecodeAsync(4, [0, 0x0A, 1, (byte)'k']);
        Assert.True(empty.Succeeded, empty.Message);
        Assert.Equal(["-7", "\"none\"", "\"B\"", "null", "null", "[]"], events.Values());

        byte[] message = await Protoc.EncodeAsync(
            Schema, "Order", "key: \"k\" count: 1 kind: A Result { url: \"u\" } kinds: A kinds: B [more]: 3");
        DecodeResult full = await events.DecodeAsync(4, [0, .. message, 0x38, 99]);
        Assert.True(full.Succeeded, full.Message);
        Assert.Equal(["1", "\"none\"", "\"A\"", "null", "\"u\"", "[\"A\", \"B\"]"], events.Values());
    }

    [Fact]
    public async Task Decode_MessageIndexes_ChooseTheMessage()
    {
        const string Schema = "syntax = \"proto3\"; message Other { int64 key = 1; } message Order { string no = 1; "
            + "message Inner { string key = 1; double amount = 2; } }";
        using var events = new SchemaEvents("protobuf", "amount: double");
        events.Registry.Add(1, Schema, "PROTOBUF");
        byte[] message = await Protoc.EncodeAsync(Schema, "Order.Inner", "key: \"k\" amount: 2.5");

        DecodeResult inner = await events.DecodeAsync(1, [4, 2, 0, .. message]);
        Assert.Equal((true, 2.5), (inner.Succeeded, events["amount"].Double));

        DecodeResult other = await events.DecodeAsync(1, [0, .. message]);
        Assert.Equal("schema_mismatch", other.Reason);
        Assert.Contains("'key' is int64; a string or enum was meant (schema 1)", other.Message);
        Assert.Equal("missing_key", (await events.DecodeAsync(1, [2, 2, .. message[3..]])).Reason);
        Assert.Equal("invalid_protobuf", (await events.DecodeAsync(1, [2, 8, .. message])).Reason);
        Assert.Equal("invalid_protobuf", (await events.DecodeAsync(1, [1, .. message])).Reason);
    }

    [Theory]
    [InlineData("repeated double amount = 2;", "is repeated double; a number or Duration was meant")]
    [InlineData("string amount = 2;", "is string; a number or Duration was meant (schema 7, subject orders-value)")]
    [InlineData("map<string, double> amount = 2;", "is map; a number")]
    [InlineData("double amount = ;", "can't be read: line 1: found ';'; a number was meant")]
    public async Task Decode_SchemaCantBeRead_SaysWhy(string field, string words)
    {
        using var events = new SchemaEvents("protobuf", "amount: double");
        events.Registry.Add(7, $"syntax = \"proto3\"; message A {{ string key = 1; {field} }}", "PROTOBUF");
        DecodeResult result = await events.DecodeAsync(7, [0]);
        Assert.Equal("schema_mismatch", result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
    }
}
