using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>One rule for every text: the mark of UTF-8 is passed over, those of other encodings are named.</summary>
public sealed class ByteOrderMarkTests
{
    private const string Json = """{"user":"u7","amount":12.5}""";

    private const string CloudEvent =
        """{"specversion":"1.0","id":"e1","source":"/s","type":"t","data":{"user":"u7","amount":12.5}}""";

    private const string Definitions = """
        version: 1
        events:
          plain: {topic: plain, key: user, fields: {user: string, amount: double}}
          envelope: {topic: envelope, key: user, format: cloudevents, fields: {user: string, amount: double}}
        entities:
          user:
            from: {plain: user, envelope: user}
            features: {a: plain | sum(amount), b: envelope | sum(amount)}
        """;

    public static TheoryData<string, string> Foreign => new()
    {
        { "utf-16", "UTF-16 (little endian)" },
        { "utf-16BE", "UTF-16 (big endian)" },
        { "utf-32", "UTF-32 (little endian)" },
    };

    [Theory]
    [InlineData("plain", Json)]
    [InlineData("envelope", CloudEvent)]
    public void Decode_PayloadWithAMarkOfUtf8_IsTheEvent(string name, string payload)
    {
        foreach (string before in new[] { "", "\uFEFF", "\uFEFF \n" })
        {
            (DecodeResult result, EventRecord record) = Decode(name, Encoding.UTF8.GetBytes(before + payload));
            Assert.True(result.Succeeded, result.Message);
            Assert.Equal("\"u7\"", record.Fields[0].ToString());
            Assert.Equal(12.5, record.Fields[1].Double);
        }
    }

    [Fact]
    public void Decode_MarkBehindARegistrysFrame_IsPassedOver()
    {
        (DecodeResult result, EventRecord record) = Decode(
            "plain", [0, 0, 0, 0, 7, .. Encoding.UTF8.GetBytes("\uFEFF" + Json)]);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(12.5, record.Fields[1].Double);
    }

    [Theory]
    [MemberData(nameof(Foreign))]
    public void Decode_PayloadOfAnotherEncoding_IsNamed(string name, string expected)
    {
        var encoding = Encoding.GetEncoding(name);
        foreach ((string @event, string payload) in new[] { ("plain", Json), ("envelope", CloudEvent) })
        {
            (DecodeResult result, _) = Decode(@event, [.. encoding.GetPreamble(), .. encoding.GetBytes(payload)]);
            Assert.Equal("invalid_utf8", result.Reason);
            Assert.Contains(expected, result.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Foreign))]
    public void Read_DefinitionsOfAnotherEncoding_AreNamed(string name, string expected)
    {
        var encoding = Encoding.GetEncoding(name);
        DefinitionReadResult read = ReadFile([.. encoding.GetPreamble(), .. encoding.GetBytes(Definitions)]);
        Assert.Contains(expected, Assert.Single(read.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DefinitionsWithAMarkOfUtf8_AreRead() =>
        Assert.Empty(ReadFile(Encoding.UTF8.GetBytes("\uFEFF" + Definitions)).Errors);

    private static DefinitionReadResult ReadFile(byte[] content)
    {
        string directory = Directory.CreateTempSubdirectory("contextgrid-marks-").FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(directory, "a.yaml"), content);
            return DefinitionFiles.Read(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static (DecodeResult Result, EventRecord Record) Decode(string name, byte[] payload)
    {
        DefinitionReadResult read = DefinitionFiles.Parse("test.yaml", Definitions);
        Assert.Empty(read.Errors);
        Assert.NotNull(read.Set);
        int index = read.Set.Events.Select(e => e.Name).ToList().IndexOf(name);
        var record = new EventRecord(4);
        IEventDecoder decoder = PlainDecoders.Create(read.Set, index);
        return (decoder.Decode(payload, 0, payload.Length, 1_769_860_800_000, record), record);
    }
}
