using System.Globalization;
using System.Text;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>Random payloads for <see cref="PaymentEvents.Payment"/>.</summary>
internal static class RandomPayload
{
    private static readonly string[] Characters =
    [
        "a", "Z", "0", " ", "é", "漢", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83d\\ude00",
        "\\u0000",
    ];

    private static readonly string[] Damages =
        ["\"", "\\", "{", "}", "[", "]", ",", ":", "\0", "\n", "1", "e", "-", "\\ud800", "null"];

    /// <summary>An object that the decoder accepts: members in any order, spaces, extra members, nulls.</summary>
    internal static string Valid(Random random)
    {
        var members = new List<string>();
        foreach (var field in PaymentEvents.Payment.Fields.SkipLast(1))
        {
            if (field.Name is "ts" or "user_id" || random.Next(4) > 0)
            {
                bool isNull = field.Name is not ("ts" or "user_id") && random.Next(6) == 0;
                members.Add($"{Name(field.Name, random)}{Space(random)}:{Space(random)}"
                    + (isNull ? "null" : Of(field.Type, field.Name, random)));
            }
        }

        for (int extra = random.Next(3); extra > 0; extra--)
        {
            members.Add($"\"x{extra}\":{Any(random, 3)}");
        }

        string[] shuffled = [.. members];
        random.Shuffle(shuffled);
        return Space(random) + "{" + Space(random) + string.Join($"{Space(random)},{Space(random)}", shuffled)
            + Space(random) + "}" + Space(random);
    }

    /// <summary>Cuts, overwrites, doubles or inserts bytes.</summary>
    internal static byte[] Damage(byte[] payload, Random random)
    {
        List<byte> bytes = [.. payload];
        for (int n = random.Next(1, 4); n > 0 && bytes.Count > 1; n--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveAt(at);
                    break;
                case 3:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Damages[random.Next(Damages.Length)]));
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)));
                    break;
            }
        }

        return [.. bytes];
    }

    private static string Of(ValueKind type, string name, Random random) => type switch
    {
        ValueKind.Bool => random.Next(2) == 0 ? "true" : "false",
        ValueKind.Int64 => Int64(random),
        ValueKind.Double => Double(random),
        ValueKind.String => name == "user_id" ? $"\"u{Characters[random.Next(Characters.Length)]}\"" : Text(random),
        ValueKind.Timestamp => Time(random),
        _ => "[" + string.Join(",", Enumerable.Range(0, random.Next(5)).Select(_ => Any(random, 0))) + "]",
    };

    private static string Int64(Random random)
    {
        long value = random.Next(3) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : random.Next(-1_000, 1_000);
        string text = value.ToString(CultureInfo.InvariantCulture);
        return text + (random.Next(5) switch { 0 => ".0", 1 => "e0", 2 when value != 0 => "0e-1", _ => "" });
    }

    private static string Double(Random random)
    {
        double value = random.Next(4) switch
        {
            0 => BitConverter.Int64BitsToDouble(random.NextInt64()),
            1 => random.Next(-100_000, 100_000) / 100.0,
            2 => random.NextDouble() * Math.Pow(10, random.Next(-25, 25)),
            _ => random.Next(-9, 9),
        };
        value = double.IsFinite(value) ? value : 0;
        return value.ToString(random.Next(2) == 0 ? "R" : "E20", CultureInfo.InvariantCulture);
    }

    private static string Time(Random random)
    {
        long milliseconds = random.NextInt64(1_000_000_000_000, PaymentEvents.NowMs);
        var offset = TimeSpan.FromMinutes(random.Next(-840, 841));
        return random.Next(2) == 0
            ? milliseconds.ToString(CultureInfo.InvariantCulture)
            : "\"" + DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToOffset(offset)
                .ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture) + "\"";
    }

    private static string Text(Random random) =>
        "\""
        + string.Concat(
            Enumerable.Range(0, random.Next(12)).Select(_ => Characters[random.Next(Characters.Length)]))
        + "\"";

    private static string Any(Random random, int depth) => random.Next(depth > 0 ? 7 : 5) switch
    {
        0 => "null",
        1 => Text(random),
        2 => Double(random),
        3 => "true",
        4 => Int64(random),
        5 => "[" + string.Join(" , ", Enumerable.Range(0, random.Next(4)).Select(_ => Any(random, depth - 1))) + "]",
        _ => "{"
            + string.Join(
                ",", Enumerable.Range(0, random.Next(4)).Select(i => $"\"k{i}\":{Any(random, depth - 1)}"))
            + "}",
    };

    // Now and then the name's first letter as an escape.
    private static string Name(string name, Random random) => random.Next(10) == 0
        ? $"\"\\u{(int)name[0]:x4}{name[1..]}\""
        : $"\"{name}\"";

    private static string Space(Random random) => random.Next(8) switch { 0 => " ", 1 => "\n\t", 2 => "\r\n", _ => "" };
}
