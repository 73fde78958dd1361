using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

/// <summary>What absent fields have, in every syntax and edition.</summary>
public sealed class ProtobufDefaultTests
{
    private static readonly byte[] KeyOnly = [0, 0x0A, 1, (byte)'k'];

    [Theory]
    [InlineData("int32", "-0x10", "int64", "-16")]
    [InlineData("int32", "017", "int64", "15")]
    [InlineData("int32", "-2147483648", "double", "-2147483648")]
    [InlineData("sint32", "- 5", "int64", "-5")]
    [InlineData("sfixed32", "+7", "int64", "7")]
    [InlineData("uint32", "0XFFFFFFFF", "int64", "4294967295")]
    [InlineData("fixed32", "/* a */ 3", "int64", "3")]
    [InlineData("int64", "-9223372036854775808", "int64", "-9223372036854775808")]
    [InlineData("sint64", "0x7fffffffffffffff", "int64", "9223372036854775807")]
    [InlineData("sfixed64", "1700000000000", "timestamp", "2023-11-14T22:13:20.000Z")]
    [InlineData("uint64", "0777", "int64", "511")]
    [InlineData("uint64", "9007199254740993", "double", "9007199254740992")]
    [InlineData("fixed64", "9223372036854775807", "int64", "9223372036854775807")]
    [InlineData("double", "0.1", "double", "0.1")]
    [InlineData("double", ".5", "double", "0.5")]
    [InlineData("double", "-1.", "double", "-1")]
    [InlineData("double", "1e3", "double", "1000")]
    [InlineData("double", "-1.5E-3", "double", "-0.0015")]
    [InlineData("double", "10", "double", "10")]
    [InlineData("double", "0x10", "double", "16")]
    [InlineData("double", "-0.0", "double", "0")]
    [InlineData("double", "inf", "double", "null")]
    [InlineData("double", "-nan", "double", "null")]
    [InlineData("float", "0.1", "double", "0.10000000149011612")]
    [InlineData("float", "1.5f", "double", "1.5")]
    [InlineData("bool", "true", "bool", "true")]
    [InlineData("bool", "false", "bool", "false")]
    [InlineData("string", "\"\"", "string", "\"\"")]
    [InlineData("string", "'it' \"'s\"", "string", "\"it's\"")]
    [InlineData("string", "\"\\x41\\102\\u00e4\\U0001F600\\t\\?\"", "string", "\"ABä😀\t?\"")]
    [InlineData("string", "\"\\xc3\\xa4\"", "string", "\"ä\"")]
    [InlineData("string", "\"2026-01-31T12:00:00Z\"", "timestamp", "2026-01-31T12:00:00.000Z")]
    [InlineData("bytes", "'a\\142\\x63'", "string", "\"abc\"")]
    [InlineData("Kind", "B", "string", "\"B\"")]
    [InlineData("Kind", "ALIAS", "string", "\"B\"")]
    [InlineData("Kind", "ALIAS", "int64", "2")]
    [InlineData("Kind", "NEGATIVE", "int64", "-1")]
    public async Task Decode_AbsentFieldWithDeclaredDefault_HasIt(string type, string text, string field, string value)
    {
        using SchemaEvents events = Events(type, text, field);
        DecodeResult result = await events.DecodeAsync(1, KeyOnly);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal([value], events.Values());
    }

    [Theory]
    [InlineData("uint64", "18446744073709551615", "int64", "number_out_of_range")]
    [InlineData("int64", "9223372036854775807", "timestamp", "bad_timestamp")]
    [InlineData("string", "'soon'", "timestamp", "bad_timestamp")]
    [InlineData("bytes", "'\\xff'", "string", "invalid_utf8")]
    public async Task Decode_DefaultThatIsNoValue_IsRefusedAsIfItWereThere(
        string type, string text, string field, string reason)
    {
        using SchemaEvents events = Events(type, text, field);
        Assert.Equal(reason, (await events.DecodeAsync(1, KeyOnly)).Reason);
    }

    [Fact]
    public async Task Decode_LargestUnsignedDefaultAsADouble_IsTheNearest()
    {
        using SchemaEvents events = Events("uint64", "18446744073709551615", "double");
        Assert.True((await events.DecodeAsync(1, KeyOnly)).Succeeded);
        Assert.Equal(18446744073709551615.0, events["v"].Double);
    }

    [Fact]
    public async Task Decode_ValueBehindADefaultThatIsNone_Counts()
    {
        using SchemaEvents events = Events("uint64", "18446744073709551615", "int64");
        DecodeResult result = await events.DecodeAsync(1, [.. KeyOnly, 0x10, 5]);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(["5"], events.Values());
    }

    [Theory]
    [InlineData("syntax = 'proto2';", "optional int64 n = 2;", "null")]
    [InlineData("syntax = 'proto2';", "required int64 n = 2;", "null")]
    [InlineData("", "optional int64 n = 2;", "null")]
    [InlineData("syntax = 'proto3';", "int64 n = 2;", "0")]
    [InlineData("syntax = 'proto3';", "optional int64 n = 2;", "null")]
    [InlineData("syntax = 'proto3';", "oneof o { int64 n = 2; }", "null")]
    [InlineData("edition = '2023';", "int64 n = 2;", "null")]
    [InlineData("edition = '2023';", "int64 n = 2 [default = 7];", "7")]
    [InlineData("edition = '2023';", "int64 n = 2 [features.field_presence = IMPLICIT];", "0")]
    [InlineData("edition = '2023';", "int64 n = 2 [features = { field_presence: IMPLICIT }];", "0")]
    [InlineData("edition = '2023';", "int64 n = 2 [features.field_presence = LEGACY_REQUIRED];", "null")]
    [InlineData("edition = '2023'; option features.field_presence = IMPLICIT;", "int64 n = 2;", "0")]
    [InlineData(
        "edition = '2023'; option features = { [pb.cpp] { string_type: VIEW } field_presence: IMPLICIT, };",
        "int64 n = 2;",
        "0")]
    [InlineData(
        "edition = '2023'; option features.field_presence = IMPLICIT;",
        "int64 n = 2 [deprecated = true, features = { field_presence : EXPLICIT ; utf8_validation: NONE }];",
        "null")]
    [InlineData("edition = '2023'; option features.field_presence = IMPLICIT;", "oneof o { int64 n = 2; }", "null")]
    [InlineData("edition = '2024';", "int64 n = 2;", "null")]
    [InlineData("edition = \"20\" '24'; option features.field_presence = IMPLICIT;", "int64 n = 2;", "0")]
    [InlineData("edition = '2026';", "int64 n = 2;", "null")]
    public async Task Decode_AbsentField_HasThePresenceOfItsSyntax(string head, string field, string value)
    {
        using var events = new SchemaEvents("protobuf", "n: int64");
        string label = head.Contains("proto2", StringComparison.Ordinal) || head.Length == 0 ? "optional " : "";
        events.Registry.Add(1, $"{head} message Order {{ {label}string key = 1; {field} }}", "PROTOBUF");
        DecodeResult result = await events.DecodeAsync(1, KeyOnly);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal([value], events.Values());
    }

    [Fact]
    public async Task Decode_FeatureBehindTheMessages_CountsForThem()
    {
        using var events = new SchemaEvents("protobuf", "n: int64");
        const string Schema = "edition = '2023'; message Order { string key = 1; int64 n = 2; } "
            + "option features.field_presence = IMPLICIT;";
        events.Registry.Add(1, Schema, "PROTOBUF");
        Assert.True((await events.DecodeAsync(1, KeyOnly)).Succeeded);
        Assert.Equal(["0"], events.Values());
    }

    private static SchemaEvents Events(string type, string text, string field)
    {
        var events = new SchemaEvents("protobuf", $"v: {field}");
        string schema = $"syntax = \"proto2\"; message Order {{ optional string key = 1; optional {type} v = 2 "
            + $"[deprecated = false, default = {text}]; enum Kind {{ option allow_alias = true; A = 1; B = 2; "
            + "ALIAS = 2; NEGATIVE = -1; } }";
        events.Registry.Add(1, schema, "PROTOBUF");
        return events;
    }
}
