using System.Text.Json.Nodes;
using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Avro;

/// <summary>
/// A random record's schema, values of it in Avro's JSON encoding, and what the definition's fields are then: an oracle
/// that shares nothing with the decoder.
/// </summary>
internal sealed class RandomAvro
{
    private const int DepthMax = 3;

    private readonly Random _random;
    private readonly Make _make;
    private int _names;

    internal RandomAvro(Random random)
    {
        _random = random;
        (Schema, _, _make) = Record("", 0, true);
    }

    private delegate JsonNode? Make(Dictionary<string, Value> expected);

    internal JsonNode Schema { get; }

    /// <summary>The fields to declare, such as <c>f1.f2: double</c>.</summary>
    internal List<string> Fields { get; } = [];

    internal JsonNode? Value(Dictionary<string, Value> expected) => _make(expected);

    private (JsonNode Schema, string Name, Make Make) Any(string path, int depth, bool isUsed)
    {
        return _random.Next(depth < DepthMax ? 8 : 3) switch
        {
            3 => List(path, isUsed),
            4 => Container(depth),
            5 => Union(path, depth, isUsed),
            6 => Record(path, depth + 1, isUsed),
            7 => Symbols(path, isUsed),
            _ => Scalar(path, isUsed),
        };
    }

    private (JsonNode, string, Make) Record(string path, int depth, bool isUsed)
    {
        string name = $"R{_names++}";
        var fields = new JsonArray();
        var makes = new List<(string Name, Make Make)>();
        if (depth == 0)
        {
            fields.Add(new JsonObject { ["name"] = "key", ["type"] = "string" });
            makes.Add(("key", _ => "k"));
        }

        int count = _random.Next(1, 6);
        for (int i = 0; i < count; i++)
        {
            string field = $"f{i}";
            string inner = path.Length == 0 ? field : $"{path}.{field}";
            var (schema, _, make) = Any(inner, depth, isUsed && _random.Next(4) > 0);
            fields.Add(new JsonObject { ["name"] = field, ["type"] = schema });
            makes.Add((field, make));
        }

        var record = new JsonObject { ["type"] = "record", ["name"] = name, ["fields"] = fields };
        return (record, name, expected => new JsonObject(makes.Select(
            m => new KeyValuePair<string, JsonNode?>(m.Name, m.Make(expected)))));
    }

    private (JsonNode, string, Make) Scalar(string path, bool isUsed)
    {
        string type = RandomScalars.Types[_random.Next(RandomScalars.Types.Length)];
        string wanted = RandomScalars.Wanted(type, _random);
        Use(path, wanted, isUsed && wanted.Length > 0);
        return (RandomScalars.Schema(type, _names++), RandomScalars.Name(type, _names - 1), expected =>
        {
            (JsonNode? json, Value value) = RandomScalars.Make(type, wanted, _random);
            Note(expected, path, value, isUsed && wanted.Length > 0);
            return json;
        });
    }

    private (JsonNode, string, Make) Symbols(string path, bool isUsed)
    {
        string name = $"E{_names++}";
        Use(path, "string", isUsed);
        var schema = new JsonObject
        {
            ["type"] = "enum", ["name"] = name, ["symbols"] = new JsonArray("A", "BB", "CCC"),
        };
        return (schema, name, expected =>
        {
            string symbol = new[] { "A", "BB", "CCC" }[_random.Next(3)];
            Note(expected, path, Core.Model.Value.Text(symbol), isUsed);
            return symbol;
        });
    }

    private (JsonNode, string, Make) List(string path, bool isUsed)
    {
        string type = new[] { "boolean", "int", "long", "double", "string" }[_random.Next(5)];
        string wanted = type switch { "boolean" => "bool", "int" or "long" => "int64", _ => type };
        Use(path, "list", isUsed);
        return (new JsonObject { ["type"] = "array", ["items"] = type }, "array", expected =>
        {
            (JsonNode? Json, Value Value)[] items =
                [.. Enumerable.Range(0, _random.Next(6)).Select(_ => RandomScalars.Make(type, wanted, _random))];
            Value[] values = [.. items.Select(i => i.Value)];
            Note(expected, path, Core.Model.Value.List(values, 0, values.Length), isUsed);
            return new JsonArray([.. items.Select(i => i.Json)]);
        });
    }

    private (JsonNode, string, Make) Container(int depth)
    {
        var (schema, _, make) = Any("", depth + 1, false);
        if (_random.Next(2) == 0)
        {
            return (new JsonObject { ["type"] = "array", ["items"] = schema }, "array", _ => new JsonArray(
                [.. Enumerable.Range(0, _random.Next(4)).Select(_ => make([]))]));
        }

        return (new JsonObject { ["type"] = "map", ["values"] = schema }, "map", _ => new JsonObject(
            Enumerable.Range(0, _random.Next(4)).Select(i => new KeyValuePair<string, JsonNode?>($"m{i}", make([])))));
    }

    private (JsonNode, string, Make) Union(string path, int depth, bool isUsed)
    {
        (JsonNode Schema, string Name, Make Make) one;
        do
        {
            one = Any(path, depth + 1, false);
        }
        while (one.Schema is JsonArray || one.Name == "null");

        // Made anew, since fields are declared as a type is made.
        if (isUsed)
        {
            one = _random.Next(2) == 0 ? Symbols(path, true) : Record(path, depth + 1, true);
        }

        bool nullFirst = _random.Next(2) == 0;
        JsonArray schema = nullFirst ? ["null", one.Schema] : [one.Schema, "null"];
        return (schema, "", expected => _random.Next(3) == 0
            ? null
            : new JsonObject { [one.Name] = one.Make(expected) });
    }

    private void Use(string path, string type, bool isUsed)
    {
        if (isUsed)
        {
            Fields.Add($"{path}: {type}");
        }
    }

    private static void Note(Dictionary<string, Value> expected, string path, Value value, bool isUsed)
    {
        if (isUsed)
        {
            expected[path] = value;
        }
    }
}
