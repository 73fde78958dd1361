using ContextGrid.Adapters.Tests.SchemaRegistry.Avro;
using ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry;

/// <summary>Times in Avro and Protobuf follow the same rules as times in JSON.</summary>
public sealed class SchemaTimeTests
{
    [Theory]
    [InlineData("", 1_546_300_800, "found 1546300800; it looks like seconds")]
    [InlineData("timestamp-millis", 1_546_300_800, "found 1546300800 ms; it looks like s, and its schema says ms")]
    [InlineData("timestamp-micros", 1_546_300_800_000, "it looks like ms, and its schema says us; if it is right, "
        + "declare the field's type as 'timestamp(us)'.")]
    [InlineData("timestamp-nanos", 1_546_300_800_000_000, "it looks like us, and its schema says ns")]
    [InlineData("timestamp-millis", 253_402_300_800_000, "after the year 9999")]
    public async Task Decode_AvroNumberOfAnotherUnit_IsRefused(string logical, long number, string cause)
    {
        using SchemaEvents events = Avro("timestamp", logical);

        DecodeResult result = await events.DecodeAsync(1, new AvroWriter().Text("k").Long(number).ToArray());

        Assert.Equal("bad_timestamp", result.Reason);
        Assert.Contains(cause, result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timestamp(s)", "", 1_546_300_800, 1_546_300_800_000)]
    [InlineData("timestamp(ms)", "", 1_546_300_800, 1_546_300_800)]
    [InlineData("timestamp(us)", "", 1_546_300_800_000_999, 1_546_300_800_000)]
    [InlineData("timestamp(ns)", "", -1, -1)]
    [InlineData("timestamp(ms)", "timestamp-millis", 1_546_300_800, 1_546_300_800)]
    [InlineData("timestamp(us)", "timestamp-micros", 1_546_300_800_000, 1_546_300_800)]
    [InlineData("timestamp", "timestamp-micros", 1_546_300_800_000_999, 1_546_300_800_000)]
    [InlineData("timestamp", "timestamp-millis", 0, 0)]
    public async Task Decode_AvroNumberOfTheStatedUnit_IsTaken(string type, string logical, long number, long expected)
    {
        using SchemaEvents events = Avro(type, logical);

        DecodeResult result = await events.DecodeAsync(1, new AvroWriter().Text("k").Long(number).ToArray());

        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(expected, events["at"].Int64);
    }

    [Theory]
    [InlineData("timestamp", 1_546_300_800, null)]
    [InlineData("timestamp", -90_000, -90_000L)]
    [InlineData("timestamp(s)", 1_546_300_800, 1_546_300_800_000L)]
    [InlineData("timestamp(ms)", 1_546_300_800, 1_546_300_800L)]
    public async Task Decode_ProtobufNumber_FollowsTheDeclaredUnit(string type, long number, long? expected)
    {
        const string Schema = """syntax = "proto3"; message Order { string key = 1; int64 at = 2; }""";
        using var events = new SchemaEvents("protobuf", $"at: {type}");
        events.Registry.Add(1, Schema, "PROTOBUF");

        DecodeResult result = await events.DecodeAsync(
            1, [0, .. await Protoc.EncodeAsync(Schema, "Order", $"key: \"k\" at: {number}")]);

        Assert.Equal(expected is null ? "bad_timestamp" : "", result.Reason);
        Assert.Equal(expected ?? 0, events["at"].Int64);
    }

    [Fact]
    public async Task Decode_ProtobufTimestamp_LeavesNoDoubt()
    {
        const string Schema = """
            syntax = "proto3"; import "google/protobuf/timestamp.proto";
            message Order { string key = 1; google.protobuf.Timestamp at = 2; }
            """;
        using var events = new SchemaEvents("protobuf", "at: timestamp");
        events.Registry.Add(1, Schema, "PROTOBUF");

        DecodeResult result = await events.DecodeAsync(
            1,
            [0, .. await Protoc.EncodeAsync(Schema, "Order", "key: \"k\" at { seconds: 1546300 nanos: 800999999 }")]);

        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(1_546_300_800, events["at"].Int64);
    }

    private static SchemaEvents Avro(string type, string logical)
    {
        var events = new SchemaEvents("avro", $"at: {type}");
        string schema = logical.Length == 0 ? "\"long\"" : $$"""{"type":"long","logicalType":"{{logical}}"}""";
        events.Registry.Add(1, AvroDecoderTests.Schema($$"""{"name":"at","type":{{schema}}}"""));
        return events;
    }
}
