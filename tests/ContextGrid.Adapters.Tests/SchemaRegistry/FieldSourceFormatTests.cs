using System.Text;
using ContextGrid.Adapters.Tests.SchemaRegistry.Avro;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry;

/// <summary>Fields with <c>from</c> in the formats that have schemas: the same rule as in JSON.</summary>
public sealed class FieldSourceFormatTests
{
    private const string Avro =
        """
        {"type":"record","name":"R","fields":[{"name":"key","type":"string"},
         {"name":"order","type":["null",{"type":"record","name":"O","fields":[{"name":"amount","type":"double"}]}]}]}
        """;

    private const string Protobuf =
        """syntax = "proto3"; message R { string key = 1; O order = 2; message O { double amount = 1; } }""";

    [Fact]
    public async Task Decode_AvroPathAndHeader_AreTakenFromThere()
    {
        using var events = new SchemaEvents(
            "avro", "amount: double from order.amount", "tenant: string from header tenant-id",
            "n: int64 from header n");
        events.Registry.Add(3, Avro);
        byte[] payload = SchemaEvents.Frame(3, new AvroWriter().Text("k").Long(1).Double(9.5).ToArray());
        DecodeResult result = await events.DecodeAsync(payload, "tenant-id", Encoding.UTF8.GetBytes("acme"));
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal((9.5, "\"acme\""), (events["amount"].Double, events["tenant"].ToString()));
        result = await events.DecodeAsync(payload, "n", Encoding.UTF8.GetBytes("x"));
        Assert.Contains("order.n (header n): found x", result.Message, StringComparison.Ordinal);
        Assert.True(result.KeysKnown);
        result = await events.DecodeAsync(3, new AvroWriter().Text("k").Long(0).ToArray());
        Assert.True(result.Succeeded && events["amount"].IsNull, result.Message);
    }

    [Fact]
    public async Task Decode_ProtobufPathAndHeader_AreTakenFromThere()
    {
        using var events = new SchemaEvents(
            "protobuf", "amount: double from order.amount", "tenant: string from header tenant-id");
        events.Registry.Add(4, Protobuf, "PROTOBUF");
        byte[] payload = SchemaEvents.Frame(
            4, [0, 10, 1, (byte)'k', 18, 9, 9, .. BitConverter.GetBytes(9.5)]);
        DecodeResult result = await events.DecodeAsync(payload, "tenant-id", Encoding.UTF8.GetBytes("acme"));
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal((9.5, "\"acme\""), (events["amount"].Double, events["tenant"].ToString()));
    }
}
