using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

public sealed class ProtobufHostileTests(ITestOutputHelper output)
{
    private const string Schema =
        """
        syntax = "proto3";
        message Order {
          string key = 1; int64 count = 2; repeated int32 list = 3; repeated bool flags = 4; Node node = 5;
          google.protobuf.Timestamp at = 6;
          message Node { Node next = 1; string name = 2; }
        }
        """;

    private static readonly byte[] Good =
        [0, 0x0A, 1, (byte)'k', 0x10, 0x96, 1, 0x1A, 2, 1, 2, 0x2A, 5, 0x0A, 0, 0x12, 1, 65, 0x32, 2, 8, 5];

    private static SchemaEvents Events()
    {
        var events = new SchemaEvents(
            "protobuf", "count: int64", "list: list", "flags: list", "node.name: string", "at: timestamp");
        events.Registry.Add(1, Schema, "PROTOBUF");
        return events;
    }

    [Fact]
    public async Task Decode_BrokenWire_IsRefusedWithWords()
    {
        using SchemaEvents events = Events();
        DecodeResult good = await events.DecodeAsync(1, Good);
        Assert.True(good.Succeeded, good.Message);
        (byte[] Tail, string Words)[] all =
        [
            ([0x10], "ends too early"),
            ([0x10, .. Enumerable.Repeat((byte)0xFF, 11)], "more bytes than its type allows"),
            ([0x0A, 5, 65], "ends too early"),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], "larger than what is left"),
            ([0x07], "wire type is unknown"),
            ([0x00, 0], "number is 0"),
            ([0x7C], "a group ends"),
            ([0x7B, 0x08, 1], "does not end"),
            ([0x7B, 0x84, 1], "a group ends"),
            ([0x1A, 3, 1, 0x80, 0x80], "ends too early"),
        ];
        foreach ((byte[] tail, string words) in all)
        {
            DecodeResult result = events.Decode(SchemaEvents.Frame(1, [.. Good, .. tail]));
            Assert.Equal("invalid_protobuf", result.Reason);
            Assert.Contains(words, result.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Decode_DeepMessagesOrGroups_AreRefused()
    {
        using SchemaEvents events = Events();
        byte[] groups = [.. Good, .. Enumerable.Repeat((byte)0x7B, 100_000)];
        Assert.Equal("too_deep", (await events.DecodeAsync(1, groups)).Reason);
    }

    [Fact]
    public async Task Decode_EndlessLists_AreRefusedAtOnce()
    {
        using SchemaEvents events = Events();
        byte[] turns = [.. Enumerable.Range(0, 200_000).SelectMany(_ => new byte[] { 0x18, 1, 0x20, 1 })];
        Assert.Equal("list_too_long", (await events.DecodeAsync(1, [.. Good, .. turns])).Reason);
    }

    [Fact]
    public async Task Decode_RandomDamage_NeverThrows()
    {
        using SchemaEvents events = Events();
        await events.DecodeAsync(1, Good);
        int seed = Seeds.Next(output);
        var random = new Random(seed);
        for (int i = 0; i < 50_000; i++)
        {
            byte[] damaged = [.. Good];
            for (int hits = random.Next(1, 4); hits > 0; hits--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            DecodeResult result = events.Decode(SchemaEvents.Frame(1, damaged[..random.Next(damaged.Length + 1)]));
            Assert.True(result.Succeeded == (result.Message.Length == 0), $"seed {seed}, payload {i}");
        }
    }
}
