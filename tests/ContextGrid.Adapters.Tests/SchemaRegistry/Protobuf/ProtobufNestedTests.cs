using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

/// <summary>Messages in messages, imports, oneofs and the well-known messages.</summary>
public sealed class ProtobufNestedTests
{
    private const string Money = "syntax = \"proto3\"; package money; message Amount { int64 units = 1; Unit unit = 2; "
        + "enum Unit { CENT = 0; EURO = 1; } }";

    private const string Schema =
        """
        syntax = "proto3";
        import "google/protobuf/timestamp.proto";
        import public "google/protobuf/wrappers.proto";
        import "google/protobuf/duration.proto";
        import "money.proto";
        message Order {
          string key = 1;
          Address address = 2;
          message Address { string city = 1; Geo geo = 2; message Geo { double lat = 1; } }
          oneof paid { string card = 3; int64 cash = 4; bool free = 5; }
          optional int32 count = 6;
          google.protobuf.Timestamp at = 7;
          google.protobuf.Duration took = 8;
          google.protobuf.Int64Value wrapped = 9;
          .google.protobuf.StringValue empty = 10;
          google.protobuf.DoubleValue absent = 11;
          money.Amount total = 12;
          repeated google.protobuf.Timestamp visits = 13;
        }
        """;

    [Fact]
    public async Task Decode_NestedOneofOptionalAndWellKnown_AsProtocEncodesThem()
    {
        using var events = new SchemaEvents(
            "protobuf", "address.city: string", "address.geo.lat: double", "card: string", "cash: int64",
            "count: int64", "at: timestamp", "took: int64", "wrapped: int64", "empty: string", "absent: double",
            "total.units: double", "total.unit: string", "visits: list");
        events.Registry.Add(4, Schema, "PROTOBUF", ("money.proto", Money));
        byte[] message = await Protoc.EncodeAsync(
            Schema,
            "Order",
            """
            key: "k" address { city: "Bonn" } card: "c" at { seconds: -1 nanos: 999999999 }
            took { seconds: 2 nanos: 500000000 } wrapped { value: 5 } empty { } total { units: 3 unit: EURO }
            visits { seconds: 1 } visits { seconds: 2 }
            """,
            ("money.proto", Money));

        DecodeResult result = await events.DecodeAsync(4, [2, 0, .. message]);

        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(
            [
                "\"Bonn\"", "null", "\"c\"", "null", "null", "1969-12-31T23:59:59.999Z", "2500", "5", "\"\"", "null",
                "3", "\"EURO\"", "[1970-01-01T00:00:01.000Z, 1970-01-01T00:00:02.000Z]",
            ],
            events.Values());
    }

    [Fact]
    public async Task Decode_FieldsComeAgain_TheLastCountsAndMessagesAreMerged()
    {
        using var events = new SchemaEvents("protobuf", "address.city: string", "card: string", "cash: int64");
        events.Registry.Add(4, Schema, "PROTOBUF", ("money.proto", Money));
        byte[] message = await Protoc.EncodeAsync(
            Schema, "Order", "key: \"k\" address { city: \"Bonn\" } card: \"c\"", ("money.proto", Money));
        byte[] cash = [.. message, 0x20, 9, 0x12, 2, 0x12, 0];
        Assert.True((await events.DecodeAsync(4, [0, .. cash])).Succeeded);
        Assert.Equal(["\"Bonn\"", "null", "9"], events.Values());

        // A member of the oneof that nothing uses replaces the others as well.
        Assert.True((await events.DecodeAsync(4, [0, .. cash, 0x28, 1])).Succeeded);
        Assert.Equal(["\"Bonn\"", "null", "null"], events.Values());
    }
}
