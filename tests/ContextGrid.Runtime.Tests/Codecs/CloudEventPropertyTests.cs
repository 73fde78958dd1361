using System.Globalization;
using System.Text;
using System.Text.Json;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>Random CloudEvents from a printed seed, with System.Text.Json as the reference.</summary>
public sealed class CloudEventPropertyTests(ITestOutputHelper output)
{
    private const int Payloads = 20_000;

    private static readonly string[] Values =
    [
        "\"\"", "\"x\"", "\"\\u0041\\n\"", "null", "7", "-1.5e3", "true", "{}", "[1]", "\"2026-01-31T11:00:00Z\"",
        "\"2026-01-31T13:00:00\\u002b02:00\"", "\"1.0\"",
    ];

    private readonly PathEvents _events = new(
        "cloudevents", ["key: string from o.key", "n: int64", "ce_type: string", "ce_ext: string", "ce_num: int64"]);

    [Fact]
    public void Decode_RandomEvents_AgreesWithTheReference()
    {
        Random random = PropertyRun.NewRandom(output);
        int good = 0;
        for (int i = 0; i < Payloads; i++)
        {
            string json = Event(random);
            using JsonDocument document = JsonDocument.Parse(json);
            DecodeResult result = _events.Decode(json);
            string shown = $"payload {i}: {json}: {result.Message}";
            Assert.True(IsGood(document.RootElement) == result.Succeeded, shown);
            if (result.Succeeded)
            {
                good++;
                AssertSame(document.RootElement, shown);
            }
        }

        output.WriteLine($"{good} of {Payloads} good");
        Assert.InRange(good, Payloads / 20, Payloads - 1);
    }

    [Fact]
    public void Decode_RandomDamage_NeverThrowsAndAgreesOnWhatIsJson()
    {
        Random random = PropertyRun.NewRandom(output);
        for (int i = 0; i < Payloads; i++)
        {
            byte[] payload = RandomPayload.Damage(Encoding.UTF8.GetBytes(Event(random)), random);
            DecodeResult result = PlainDecoders.Create(_events.Definitions, 0)
                .Decode(payload, 0, payload.Length, PathEvents.NowMs, _events.Record);
            string shown = $"payload {i}: {Encoding.UTF8.GetString(payload)}: {result.Message}";
            Assert.True(result.Succeeded == (result.Message.Length == 0), shown);
            Assert.True(!result.Succeeded || PropertyRun.IsJson(payload), shown);
        }
    }

    private void AssertSame(JsonElement root, string shown)
    {
        Value[] fields = _events.Record.Fields;
        Assert.True(Text(fields[0]) == Member(Member(root, "data"), "o", "key").GetString(), shown);
        Assert.True(Text(fields[2]) == Member(root, "type").GetString(), shown);
        JsonElement ext = Member(root, "ext");
        string? meant = ext.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => null,
            JsonValueKind.String => ext.GetString(),
            _ => ext.GetRawText(),
        };
        Assert.True(Text(fields[3]) == meant, shown);
        JsonElement time = Member(root, "time");
        long ms = time.ValueKind == JsonValueKind.String
            ? DateTimeOffset.Parse(time.GetString() ?? "", CultureInfo.InvariantCulture).ToUnixTimeMilliseconds()
            : PathEvents.NowMs;
        Assert.True(_events.Record.EventTimeMs == ms, shown);
    }

    private static bool IsGood(JsonElement root)
    {
        string[] names = [.. root.EnumerateObject().Select(m => m.Name)];
        string[] known = ["specversion", "id", "source", "type", "time", "ext", "num", "data", "datacontenttype"];
        bool isText(string name) => Member(root, name) is { ValueKind: JsonValueKind.String } v && v.GetString() != "";
        JsonElement time = Member(root, "time"), num = Member(root, "num"), ext = Member(root, "ext");
        JsonElement data = Member(root, "data"), n = Member(data, "n"), o = Member(data, "o"), key = Member(o, "key");
        return names.Where(known.Contains).Distinct().Count() == names.Count(known.Contains)
            && isText("id") && isText("source") && isText("type")
            && isText("specversion") && Member(root, "specversion").GetString() == "1.0"
            && (IsNull(time) || (time.ValueKind == JsonValueKind.String
                && time.GetString()!.StartsWith("2026", StringComparison.Ordinal)))
            && (IsNull(num) || (num.ValueKind is JsonValueKind.Number or JsonValueKind.String
                && decimal.TryParse(num.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal whole)
                && whole % 1 == 0))
            && ext.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array)
            && data.ValueKind == JsonValueKind.Object
            && (IsNull(n) || (n.ValueKind == JsonValueKind.Number && n.GetDouble() % 1 == 0))
            && o.ValueKind == JsonValueKind.Object
            && key.ValueKind == JsonValueKind.String && key.GetString() != "";
    }

    private static bool IsNull(JsonElement value) => value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    private static JsonElement Member(JsonElement at, params string[] path)
    {
        foreach (string name in path)
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
            {
                return default;
            }
        }

        return at;
    }

    private static string? Text(in Value value) => value.IsNull ? null : Encoding.UTF8.GetString(value.Utf8);

    // Mostly right, with one thing that is wrong or odd now and then.
    private static string Event(Random random)
    {
        string data = "{\"o\":{\"key\":" + Rarely(random, "\"k\"") + "},\"n\":" + Rarely(random, "5") + "}";
        var members = new List<string>
        {
            Member(random, "specversion", Rarely(random, "\"1.0\"")),
            Member(random, "id", Rarely(random, "\"1\"")),
            Member(random, "source", Rarely(random, "\"/s\"")),
            Member(random, "type", Rarely(random, "\"t\"")),
            Member(random, "data", Rarely(random, data)),
        };
        foreach (string name in new[] { "time", "ext", "num", "other", "type", "datacontenttype" })
        {
            if (random.Next(name == "type" ? 40 : 4) == 0)
            {
                members.Add(Member(random, name, name switch
                {
                    "time" => Rarely(random, "\"2026-01-31T11:00:00Z\""),
                    "num" => Rarely(random, "12"),
                    "ext" => Values[random.Next(Values.Length)],
                    _ => "\"x\"",
                }));
            }
        }

        string[] shuffled = [.. members];
        random.Shuffle(shuffled);
        return "{" + string.Join(random.Next(2) == 0 ? "," : " ,\n", shuffled) + "}";
    }

    private static string Rarely(Random random, string usual) =>
        random.Next(25) == 0 ? Values[random.Next(Values.Length)] : usual;

    private static string Member(Random random, string name, string value) => random.Next(8) == 0
        ? $"\"\\u{(int)name[0]:x4}{name[1..]}\" : {value}"
        : $"\"{name}\":{value}";
}
