using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

/// <summary>
/// Fields that come twice, of the wrong wire type, or in a oneof: what the specification says ("Last One Wins",
/// "Oneof Encoding"), by hand and against protoc's own decoder.
/// </summary>
public sealed class ProtobufMergeTests(ITestOutputHelper output)
{
    private const int Payloads = 120;

    private const string Schema =
        """
        syntax = "proto2";
        import "google/protobuf/timestamp.proto";
        import "google/protobuf/wrappers.proto";
        message Order {
          optional string key = 1;
          oneof pick {
            int64 num = 2; string text = 3; Kind kind = 4; Sub sub = 5; google.protobuf.Timestamp when = 6;
            Kind unused = 7; Sub other = 8; group Part = 9 { optional int64 p = 1; repeated int64 q = 2; }
          }
          optional google.protobuf.Timestamp at = 10;
          optional google.protobuf.Int64Value wrapped = 11;
          optional google.protobuf.StringValue name = 12;
          optional Sub deep = 13;
          repeated int32 list = 14;
          repeated Kind kinds = 15;
          repeated google.protobuf.Int64Value many = 16;
          optional group Result = 17 { optional string url = 1; optional Sub inner = 2; }
          optional double real = 18;
        }
        message Sub { optional int64 x = 1; repeated int32 xs = 2; optional Sub next = 3; optional string s = 4; }
        enum Kind { A = 1; B = 2; }
        """;

    private static readonly string[] Fields =
    [
        "num: int64", "text: string", "kind: string", "sub.x: int64", "sub.xs: list", "when: timestamp",
        "part.p: int64", "part.q: list", "at: timestamp", "wrapped: int64", "name: string", "deep.x: int64",
        "deep.next.s: string", "list: list", "kinds: list", "many: list", "result.url: string",
        "result.inner.x: int64", "real: double",
    ];

    [Theory]
    [InlineData("10-05 1A-01-61", "text=\"a\"")] // Another member.
    [InlineData("10-05 18-07", "num=5")] // text as a varint: an unknown field.
    [InlineData("1A-01-61 12-01-07", "text=\"a\"")] // num behind a length.
    [InlineData("10-05 20-09", "num=5")] // A number that the closed enum does not know.
    [InlineData("10-05 20-02", "kind=\"B\"")]
    [InlineData("10-05 38-09", "num=5")] // The same of a member that nothing uses.
    [InlineData("10-05 38-01", "")]
    [InlineData("10-05 39-01-00-00-00-00-00-00-00", "num=5")]
    [InlineData("10-05 40-01", "num=5")]
    [InlineData("10-05 42-00", "")]
    [InlineData("2A-04-08-01-10-02 2A-02-10-03", "sub.x=1 sub.xs=[2, 3]")] // One member twice is merged.
    [InlineData("2A-04-08-01-10-02 10-05 2A-02-10-03", "sub.xs=[3]")] // Replaced in between.
    [InlineData("4B-08-01-10-02-4C 10-05", "num=5")]
    [InlineData("10-05 4B-08-01-4C 4B-10-02-4C", "part.p=1 part.q=[2]")]
    [InlineData("10-05 4A-02-08-01", "num=5")] // A group behind a length.
    [InlineData("32-02-08-05 32-04-10-C0-84-3D", "when=1970-01-01T00:00:05.001Z")]
    [InlineData("32-02-08-05 10-05 32-04-10-C0-84-3D", "when=1970-01-01T00:00:00.001Z")]
    [InlineData("52-02-08-05 52-04-10-C0-84-3D", "at=1970-01-01T00:00:05.001Z")]
    [InlineData("52-02-08-05 52-00", "at=1970-01-01T00:00:05.000Z")]
    [InlineData("52-02-08-05 52-02-08-00", "at=1970-01-01T00:00:00.000Z")]
    [InlineData("5A-02-08-05 5A-00", "wrapped=5")]
    [InlineData("5A-00", "wrapped=0")]
    [InlineData("62-03-0A-01-61 62-00", "name=\"a\"")]
    [InlineData("5A-02-08-05 5A-02-0A-00", "wrapped=5")] // Its value behind a length is an unknown field.
    [InlineData("6A-02-08-01 6A-05-1A-03-22-01-61", "deep.x=1 deep.next.s=\"a\"")]
    [InlineData("8A-01-05-0A-03-75-72-6C", "")]
    [InlineData("8B-01-0A-01-75-8C-01 8B-01-12-02-08-03-8C-01", "result.url=\"u\" result.inner.x=3")]
    [InlineData("72-02-01-02 70-03", "list=[1, 2, 3]")]
    [InlineData("7A-03-01-09-02 78-09 78-01", "kinds=[\"A\", \"B\", \"A\"]")]
    [InlineData("82-01-00 82-01-02-08-07", "many=[0, 7]")]
    [InlineData("91-01-00-00-00-00-00-00-F0-3F 91-01-00-00-00-00-00-00-F8-7F", "")] // 1, then NaN.
    public async Task Decode_FieldsThatComeAgain_AreAsTheSpecificationSays(string hex, string expected)
    {
        using SchemaEvents events = Events();
        byte[] payload = Convert.FromHexString(string.Concat(hex.Where(char.IsAsciiHexDigit)));
        DecodeResult result = await events.DecodeAsync(1, [0, 0x0A, 1, (byte)'k', .. payload]);
        Assert.True(result.Succeeded, result.Message);
        string[] empty = ["sub.xs", "part.q", "list", "kinds", "many"];
        string found = string.Join(' ', Fields.Zip(events.Values())
            .Select(f => (Name: f.First.Split(':')[0], Value: f.Second))
            .Where(f => f.Value != "null" && !(f.Value == "[]" && empty.Contains(f.Name)))
            .Select(f => $"{f.Name}={f.Value}"));
        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData("1A-01-FF 1A-01-61", "text=\"a\"")] // Not UTF-8, then good.
    [InlineData("1A-01-FF 10-05", "num=5")]
    [InlineData("52-0B-08-80-80-80-80-80-80-80-80-80-01 52-02-08-05", "at=1970-01-01T00:00:05.000Z")]
    public async Task Decode_AValueThatIsReplaced_IsNotRefused(string hex, string expected) =>
        await Decode_FieldsThatComeAgain_AreAsTheSpecificationSays(hex, expected);

    [Fact]
    public async Task Decode_OneofMembersWithDefaults_HaveThemAgainWhenReplaced()
    {
        using var events = new SchemaEvents("protobuf", "a: int64", "b: string");
        events.Registry.Add(
            1,
            "syntax = 'proto2'; message Order { optional string key = 1; "
            + "oneof o { int64 a = 2 [default = 7]; string b = 3 [default = 'x']; } }",
            "PROTOBUF");
        Assert.True((await events.DecodeAsync(1, [0, 0x0A, 1, (byte)'k', 0x10, 5])).Succeeded);
        Assert.Equal(["5", "\"x\""], events.Values());
        Assert.True((await events.DecodeAsync(1, [0, 0x0A, 1, (byte)'k', 0x10, 5, 0x1A, 1, (byte)'b'])).Succeeded);
        Assert.Equal(["7", "\"b\""], events.Values());
    }

    [Fact]
    public async Task Decode_RandomFields_AreAsProtocReadsThem()
    {
        int seed = Seeds.Next(output);
        var random = new Random(seed);
        using SchemaEvents events = Events();
        for (int i = 0; i < Payloads; i++)
        {
            var payload = new List<byte> { 0x0A, 1, (byte)'k' };
            for (int fields = random.Next(1, 9); fields > 0; fields--)
            {
                AddField(payload, random, random.Next(2, 19), 0);
            }

            string hex = Convert.ToHexString([.. payload]);
            TextMessage expected = TextMessage.Parse(
                await Protoc.DecodeAsync(Schema, "Order", [.. payload]), out bool isGood);
            DecodeResult result = await events.DecodeAsync(1, [0, .. payload]);
            Assert.True(result.Succeeded == isGood, $"seed {seed}: {hex}: {result.Message}");
            foreach ((string field, string value) in isGood ? Fields.Zip(events.Values()) : [])
            {
                Assert.True(
                    expected.Value(field.Split(':')[0], field.Split(": ")[1]) == value,
                    $"seed {seed}: {hex}: {field} is {value}\n{expected}");
            }
        }
    }

    // A field with a value of its own or another wire type. Texts are UTF-8, numbers small: what else is refused is
    // tested elsewhere.
    private static void AddField(List<byte> into, Random random, int number, int depth)
    {
        int wire = random.Next(8) switch { 0 => 1, 1 => 5, 2 => 3, < 5 => 0, _ => 2 };
        int tag = number << 3 | wire;
        AddVarint(into, tag);
        switch (wire)
        {
            case 0:
                AddVarint(into, random.Next(4));
                break;
            case 1 or 5:
                byte[] bits = new byte[wire == 1 ? 8 : 4];
                bits[0] = (byte)random.Next(100);
                into.AddRange(bits);
                break;
            default:
                var inner = new List<byte>();
                for (int fields = depth < 3 ? random.Next(3) : 0; fields > 0; fields--)
                {
                    AddField(inner, random, random.Next(1, 5), depth + 1);
                }

                if (wire == 2)
                {
                    AddVarint(into, inner.Count);
                }

                into.AddRange(inner);
                if (wire == 3)
                {
                    AddVarint(into, number << 3 | 4);
                }

                break;
        }
    }

    private static void AddVarint(List<byte> into, int value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            into.Add((byte)(value & 0x7F | 0x80));
        }

        into.Add((byte)value);
    }

    private static SchemaEvents Events()
    {
        var events = new SchemaEvents("protobuf", Fields);
        events.Registry.Add(1, Schema, "PROTOBUF");
        return events;
    }
}
