using System.Globalization;
using System.Text.Json.Nodes;
using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Avro;

/// <summary>Random values of Avro's single types, in Avro's JSON encoding and as a field of a definition.</summary>
internal static class RandomScalars
{
    internal static readonly string[] Types =
        ["null", "boolean", "int", "long", "float", "double", "string", "bytes", "fixed", "timestamp-micros"];

    /// <summary>A type of a definition's field that the type can become; empty: none.</summary>
    internal static string Wanted(string type, Random random) => type switch
    {
        "boolean" => "bool",
        "int" or "long" => random.Next(2) == 0 ? "int64" : "double",
        "float" or "double" => "double",
        "string" or "bytes" => "string",
        "timestamp-micros" => random.Next(2) == 0 ? "timestamp(us)" : "int64",
        _ => "",
    };

    internal static JsonNode Schema(string type, int number) => type switch
    {
        "fixed" => new JsonObject { ["type"] = "fixed", ["name"] = $"F{number}", ["size"] = 5 },
        "timestamp-micros" => new JsonObject { ["type"] = "long", ["logicalType"] = type },
        _ => JsonValue.Create(type),
    };

    /// <summary>The name of the type as a branch of a union.</summary>
    internal static string Name(string type, int number) => type switch
    {
        "fixed" => $"F{number}",
        "timestamp-micros" => "long",
        _ => type,
    };

    internal static (JsonNode? Json, Value Value) Make(string type, string wanted, Random random)
    {
        switch (type)
        {
            case "null":
                return (null, Value.Null);
            case "boolean":
                bool flag = random.Next(2) == 0;
                return (flag, Value.Of(flag));
            case "int":
                int small = random.Next(3) == 0 ? random.Next(-70, 70) : random.Next(int.MinValue, int.MaxValue);
                return (small, Number(small, wanted));
            case "long" or "timestamp-micros":
                // Numbers of JavaScript hold no more.
                long large = random.NextInt64(-(1L << (1 + random.Next(52))), 1L << 52);
                return (large, Number(large, wanted));
            case "float":
                float real = (float)(random.NextDouble() * Math.Pow(10, random.Next(-20, 20)));
                return ((double)real, Value.Of((double)real));
            case "double":
                double exact = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-200, 200));
                return (exact, Value.Of(exact));
            case "string":
                string text = Text(random);
                return (text, Value.Text(text));
            default:
                string bytes = random.Next(10_000, 99_999).ToString(CultureInfo.InvariantCulture);
                return (bytes, Value.Text(bytes));
        }
    }

    private static Value Number(long value, string wanted) => wanted switch
    {
        "double" => Value.Of((double)value),
        "timestamp(us)" => Value.Timestamp((long)Math.Floor(value / 1000m)),
        _ => Value.Of(value),
    };

    private static string Text(Random random)
    {
        string[] parts = ["", "a", "ß", "日本", "🙂", "\"\\", "x y", new string('z', random.Next(200))];
        return string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => parts[random.Next(parts.Length)]));
    }
}
