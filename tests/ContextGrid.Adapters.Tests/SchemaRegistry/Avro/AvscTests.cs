using System.Text.Json.Nodes;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.TestKit.Parts;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Avro;

/// <summary>Against npm's avsc, an implementation of Avro that this project did not write.</summary>
public sealed class AvscTests(ITestOutputHelper output)
{
    private const int Schemas = 200, ValuesOfEach = 15;

    private static readonly string[] Writers =
    [
        "\"null\"", "\"boolean\"", "\"int\"", "\"long\"", "\"float\"", "\"double\"", "\"string\"", "\"bytes\"",
        """["null","int"]""", """["int","double"]""", """["string","null"]""", """["bytes","string"]""",
        """["null","boolean","string"]""", """["float","int","long"]""",
    ];

    private static readonly (string Type, string Avro)[] Readers =
        [("bool", "boolean"), ("int64", "long"), ("double", "double"), ("string", "string")];

    [Fact]
    public async Task Decode_RandomSchemasAndValues_GivesWhatWasEncoded()
    {
        string modules = await NodePackages.RequireAsync("avsc");
        var random = new Random(Seeds.Next(output));
        var cases = new List<(RandomAvro Avro, List<Dictionary<string, Value>> Expected)>();
        var input = new JsonArray();
        for (int i = 0; i < Schemas; i++)
        {
            var avro = new RandomAvro(random);
            var expected = new List<Dictionary<string, Value>>();
            var values = new JsonArray();
            for (int v = 0; v < ValuesOfEach; v++)
            {
                expected.Add([]);
                values.Add(avro.Value(expected[v]));
            }

            cases.Add((avro, expected));
            input.Add(new JsonObject { ["schema"] = avro.Schema.DeepClone(), ["values"] = values });
        }

        JsonArray encoded = await NodeBatch.RunAsync(
            modules,
            """
            return input.map(c => {
                const type = avro.Type.forSchema(c.schema, {wrapUnions: true});
                return c.values.map(v => type.toBuffer(type.fromString(JSON.stringify(v))).toString('hex'));
            });
            """,
            input);
        for (int i = 0; i < Schemas; i++)
        {
            await CompareAsync(cases[i].Avro, cases[i].Expected, encoded[i]?.AsArray() ?? []);
        }
    }

    [Fact]
    public async Task Decode_OtherReader_AgreesWithTheResolver()
    {
        string modules = await NodePackages.RequireAsync("avsc");
        var random = new Random(Seeds.Next(output));
        var input = new JsonArray();
        foreach (string writer in Writers)
        {
            foreach ((_, string reader) in Readers)
            {
                input.Add(Resolution(writer, reader, random));
            }
        }

        JsonArray resolved = await NodeBatch.RunAsync(
            modules,
            """
            return input.map(c => {
                const writer = avro.Type.forSchema(c.writer, {wrapUnions: true});
                const reader = avro.Type.forSchema(c.reader, {wrapUnions: true});
                const encoded = c.values.map(v => writer.toBuffer(writer.fromString(JSON.stringify(v))));
                let resolver = null;
                try { resolver = reader.createResolver(writer); } catch (e) { }
                return encoded.map(b => ({
                    hex: b.toString('hex'),
                    read: resolver && JSON.parse(reader.toString(reader.fromBuffer(b, resolver))),
                }));
            });
            """,
            input);
        for (int i = 0; i < resolved.Count; i++)
        {
            await CompareAsync(Writers[i / Readers.Length], Readers[i % Readers.Length].Type, resolved[i]?.AsArray());
        }
    }

    private static async Task CompareAsync(
        RandomAvro avro, List<Dictionary<string, Value>> expected, JsonArray encoded)
    {
        using var events = new SchemaEvents("avro", [.. avro.Fields]);
        events.Registry.Add(1, avro.Schema.ToJsonString());
        for (int v = 0; v < expected.Count; v++)
        {
            byte[] payload = Convert.FromHexString(encoded[v]?.GetValue<string>() ?? "");
            DecodeResult result = await events.DecodeAsync(1, payload);

            string shown = $"value {v} of {avro.Schema.ToJsonString()}: {result.Message}";
            Assert.True(result.Succeeded, shown);
            foreach (string field in avro.Fields.Select(f => f[..f.IndexOf(':', StringComparison.Ordinal)]))
            {
                string meant = expected[v].GetValueOrDefault(field).ToString();
                Assert.True(meant == events[field].ToString(), $"{field}: {meant}, not {events[field]}; {shown}");
            }
        }
    }

    private static JsonObject Resolution(string writer, string reader, Random random)
    {
        JsonNode type = JsonNode.Parse(writer) ?? "null";
        string[] branches = type is JsonArray union ? [.. union.Select(b => b?.ToString() ?? "")] : [type.ToString()];
        var values = new JsonArray();
        for (int i = 0; i < 20; i++)
        {
            string branch = branches[random.Next(branches.Length)];
            JsonNode? value = RandomScalars.Make(branch, "", random).Json;
            value = branches.Length > 1 && branch != "null" ? new JsonObject { [branch] = value } : value;
            values.Add(new JsonObject { ["key"] = "k", ["more"] = i, ["x"] = value });
        }

        JsonNode Record(JsonNode x, bool more)
        {
            JsonArray fields =
            [
                new JsonObject { ["name"] = "key", ["type"] = "string" },
                new JsonObject { ["name"] = "x", ["type"] = x, ["default"] = more ? null : JsonValue.Create("") },
            ];
            if (more)
            {
                fields[1]?.AsObject().Remove("default");
                fields.Insert(1, new JsonObject { ["name"] = "more", ["type"] = "int" });
            }
            else
            {
                fields[1]?.AsObject()["default"] = null;
            }

            return new JsonObject { ["type"] = "record", ["name"] = "Order", ["fields"] = fields };
        }

        return new JsonObject
        {
            ["writer"] = Record(type, true), ["reader"] = Record(new JsonArray("null", reader), false),
            ["values"] = values,
        };
    }

    private static async Task CompareAsync(string writer, string wanted, JsonArray? resolved)
    {
        using var events = new SchemaEvents("avro", $"x: {wanted}");
        events.Registry.Add(1, AvroDecoderTests.Schema(
            """{"name":"more","type":"int"}""", $$"""{"name":"x","type":{{writer}}}"""));
        foreach (JsonNode? one in resolved ?? [])
        {
            DecodeResult result = await events.DecodeAsync(
                1, Convert.FromHexString(one?["hex"]?.GetValue<string>() ?? ""));
            string shown = $"{writer} as {wanted}: {one?.ToJsonString()}: {result.Message}{events["x"]}";
            if (one?["read"] is not JsonObject read)
            {
                // A union whose other branches can't be read is refused only when such a branch comes.
                bool mayPass = writer.StartsWith('[') || writer == "\"null\"";
                Assert.True(mayPass || result.Reason == "schema_mismatch", shown);
                continue;
            }

            Assert.True(result.Succeeded, shown);
            JsonNode? meant = (read["x"] as JsonObject)?.First().Value;
            Assert.True(meant is null == events["x"].IsNull, shown);
            string text = meant is null ? "" : meant.ToString();
            string found = wanted == "string" ? System.Text.Encoding.UTF8.GetString(events["x"].Utf8) : text;
            Assert.True(text == found, shown);
            Assert.True(wanted is not ("double" or "int64") || meant is null
                || events["x"].ToDouble() == meant.GetValue<double>(), shown);
        }
    }
}
