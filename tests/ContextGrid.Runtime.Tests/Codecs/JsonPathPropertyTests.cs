using System.Globalization;
using System.Text;
using System.Text.Json;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>Random nested payloads from a printed seed, with System.Text.Json as the reference.</summary>
public sealed class JsonPathPropertyTests(ITestOutputHelper output)
{
    private const int Payloads = 30_000;

    private static readonly string[][] Paths =
        [["k", "id"], ["a"], ["o", "a"], ["o", "p", "b"], ["o", "x.y"], ["q", "r", "s", "t"], ["o", "p", "c"]];

    private static readonly string[] Names = ["k", "id", "a", "o", "p", "b", "c", "x.y", "q", "r", "s", "t", "z"];

    private readonly PathEvents _events = new(
        "json",
        [
            "k.id: string", "a: int64", "o.a: double", "o.p.b: bool", "dotted: string from o.\"x.y\"", "q.r.s.t: int64",
            "o.p.c: list",
        ]);

    [Fact]
    public void Decode_RandomNestedObjects_AgreesWithTheReference()
    {
        Random random = PropertyRun.NewRandom(output);
        int good = 0;
        for (int i = 0; i < Payloads; i++)
        {
            string json = Object(random, 0, Paths);
            using JsonDocument document = JsonDocument.Parse(json);
            var reasons = new HashSet<string>();
            string?[] expected = [.. Paths.Select((p, f) => Resolve(document.RootElement, p, f, reasons))];
            if (expected[0] is null)
            {
                reasons.Add("missing_key");
            }

            DecodeResult result = _events.Decode(json);
            string shown = $"payload {i}: {json}: {result.Message}";
            Assert.True(reasons.Count == 0 == result.Succeeded, shown);
            Assert.True(result.Succeeded || reasons.Contains(result.Reason), shown);
            if (result.Succeeded)
            {
                good++;
                AssertSame(expected, shown);
            }
        }

        output.WriteLine($"{good} of {Payloads} good");
        Assert.InRange(good, Payloads / 20, Payloads);
    }

    [Fact]
    public void Decode_RandomDamage_NeverThrowsAndAgreesOnWhatIsJson()
    {
        Random random = PropertyRun.NewRandom(output);
        for (int i = 0; i < Payloads; i++)
        {
            byte[] payload = RandomPayload.Damage(Encoding.UTF8.GetBytes(Object(random, 0, Paths)), random);
            DecodeResult result = PlainDecoders.Create(_events.Definitions, 0)
                .Decode(payload, 0, payload.Length, PathEvents.NowMs, _events.Record);
            string shown = $"payload {i}: {Encoding.UTF8.GetString(payload)}: {result.Message}";
            Assert.True(result.Succeeded == (result.Message.Length == 0), shown);
            Assert.True(result.Position >= 0 && result.Position <= payload.Length, shown);
            bool isJson = PropertyRun.IsJson(payload);
            Assert.True(isJson || !result.Succeeded, shown);
            Assert.True(!isJson || result.Error != DecodeError.InvalidJson, shown);
        }
    }

    private void AssertSame(string?[] expected, string shown)
    {
        for (int field = 0; field < expected.Length; field++)
        {
            Value value = _events.Record.Fields[field];
            string? found = value.Kind switch
            {
                ValueKind.Null => null,
                ValueKind.String => Encoding.UTF8.GetString(value.Utf8),
                ValueKind.Double => value.Double.ToString("R", CultureInfo.InvariantCulture),
                ValueKind.Bool => value.Bool ? "true" : "false",
                ValueKind.List => value.Items.Length.ToString(CultureInfo.InvariantCulture),
                _ => value.Int64.ToString(CultureInfo.InvariantCulture),
            };
            Assert.True(found == expected[field], $"{shown}: field {field}");
        }
    }

    // What the path leads to, as a text; null: nothing. Adds the reasons for which the event may be refused.
    private static string? Resolve(JsonElement at, string[] path, int field, HashSet<string> reasons)
    {
        for (int i = 0; i < path.Length; i++)
        {
            if (at.ValueKind == JsonValueKind.Null)
            {
                return null;
            }

            if (at.ValueKind != JsonValueKind.Object)
            {
                reasons.Add("wrong_type");
                return null;
            }

            JsonElement[] found = [.. at.EnumerateObject().Where(m => m.Name == path[i]).Select(m => m.Value)];
            if (found.Length > 1)
            {
                reasons.Add("duplicate_member");
            }

            if (found.Length == 0)
            {
                return null;
            }

            at = found[0];
        }

        string? text = Text(at, field);
        if (text is null && at.ValueKind != JsonValueKind.Null)
        {
            reasons.Add("wrong_type");
        }

        if (field == 0 && text == "")
        {
            reasons.Add("empty_key");
        }

        return text;
    }

    private static string? Text(JsonElement value, int field) => (field, value.ValueKind) switch
    {
        (0 or 4, JsonValueKind.String) => value.GetString(),
        (1 or 5, JsonValueKind.Number) => value.GetInt64().ToString(CultureInfo.InvariantCulture),
        (2, JsonValueKind.Number) => value.GetDouble().ToString("R", CultureInfo.InvariantCulture),
        (3, JsonValueKind.True or JsonValueKind.False) => value.GetBoolean() ? "true" : "false",
        (6, JsonValueKind.Array) => value.GetArrayLength().ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    // An object that mostly follows the paths, with members of any kind now and then, and now and then twice.
    private static string Object(Random random, int depth, string[][] paths)
    {
        var members = new List<string>();
        foreach (IGrouping<string, string[]> group in paths.Where(p => p.Length > depth).GroupBy(p => p[depth]))
        {
            if (random.Next(5) == 0)
            {
                continue;
            }

            string[][] below = [.. group.Where(p => p.Length > depth + 1)];
            string value = random.Next(12) == 0 ? Any(random, 2)
                : below.Length > 0 ? Object(random, depth + 1, below)
                : Leaf(random, Array.FindIndex(Paths, p => ReferenceEquals(p, group.First())));
            members.Add(Name(group.Key, random) + ":" + value);
        }

        if (random.Next(4) == 0)
        {
            members.Add(Name(Names[random.Next(Names.Length)], random) + " : " + Any(random, 3));
        }

        string[] shuffled = [.. members];
        random.Shuffle(shuffled);
        return "{ " + string.Join(" , ", shuffled) + "}";
    }

    private static string Leaf(Random random, int field) => field switch
    {
        _ when random.Next(10) == 0 => "null",
        0 or 4 => Quote("v" + random.Next(100)),
        1 or 5 => random.Next(-1_000, 1_000).ToString(CultureInfo.InvariantCulture),
        2 => (random.Next(-1_000, 1_000) / 8.0).ToString("R", CultureInfo.InvariantCulture),
        3 => random.Next(2) == 0 ? "true" : "false",
        _ => "[1, \"a\", null]",
    };

    private static string Any(Random random, int depth) => random.Next(depth > 0 ? 7 : 5) switch
    {
        0 => "null",
        1 => Quote(new string('x', random.Next(3))),
        2 => random.Next(100).ToString(CultureInfo.InvariantCulture),
        3 => "true",
        4 => "false",
        5 => "[" + string.Join(',', Enumerable.Range(0, random.Next(3)).Select(_ => random.Next(9))) + "]",
        _ => "{" + string.Join(',', Enumerable.Range(0, random.Next(3))
            .Select(i => Name(Names[(random.Next(Names.Length) + i) % Names.Length], random) + ":"
                + Any(random, depth - 1))) + "}",
    };

    private static string Name(string name, Random random) => random.Next(8) == 0
        ? $"\"\\u{(int)name[0]:x4}{name[1..]}\""
        : Quote(name);

    private static string Quote(string text) => "\"" + text + "\"";
}
