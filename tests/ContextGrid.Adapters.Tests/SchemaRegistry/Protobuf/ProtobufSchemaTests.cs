using System.Diagnostics;
using ContextGrid.Runtime.Codecs;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

/// <summary>Schemas as clients register them: spellings, imports, descriptors, and what an index means.</summary>
public sealed class ProtobufSchemaTests
{
    private static readonly byte[] KeyAndSeven = [0, 0x0A, 1, (byte)'k', 0x10, 7];

    [Theory]
    [InlineData("\uFEFFsyntax = 'proto3'; message Order { string key = 1; int64 n = 2; }")]
    [InlineData("syntax='proto3';;package a . /* b */ b\n;message Order{string key=1;;int64 n=2;}// end")]
    [InlineData("message Order { optional string key = 1; optional int64 n = 2; extensions 100 to 199 [declaration = { "
        + "number: 100, full_name: '.a.b', type: '.a.B' }, verification = DECLARATION]; extensions 4, 6 to 9, "
        + "200 to max [(a.b) = '}']; }")]
    [InlineData("message Order { optional string key = 1; optional int64 n = 2; reserved 5, 7 to 0x10, 20 to max; "
        + "reserved 'a', \"b\"; option (x).y = { a < b: '>' > c [ { } ] }; }")]
    [InlineData("edition = '2023'; message Order { string key = 1; int64 n = 2; reserved a, b; reserved 9; }")]
    [InlineData("edition = '2024'; import option 'x.proto'; export message Order { string key = 1; int64 n = 2; "
        + "local enum E { A = 0; } export message M { } } local message L { }")]
    [InlineData("syntax = 'proto3'; message Order { string key = 1; int64 n = 2; string export = 3; string local = 4; "
        + ".Order.map map = 5; message map { } export e = 6; } message export { }")]
    [InlineData("edition = '2023'; message Order { string key = 1; int64 n = 2; export message = 3; local enum = 4; } "
        + "message export { } message local { }")]
    [InlineData("service S { rpc A (stream .Order) returns (stream Order) { option (o) = { a: '{' }; } option x = 1; } "
        + "message Order { optional string key = 1; optional int64 n = 2; }")]
    [InlineData("syntax = 'proto3'; option (a).(b.c).d = +1; option (.a . b) = -inf; message Order { string key = 1 "
        + "[(v) = { a: [ { b: 1 } ], }, json_name = 'K', (w).x = IDENT]; int64 n = 02; oneof o { option (p) = 1; "
        + "int32 c = 3; } enum E { option allow_alias = true; Z = 0 [(q) = { r: 1 }]; option = 0; reserved = -1; "
        + "reserved -9 to -3; } }")]
    public async Task Decode_SpellingsOfTheGrammar_AreRead(string schema)
    {
        using SchemaEvents events = Events(schema);
        DecodeResult result = await events.DecodeAsync(1, KeyAndSeven);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(7, events["n"].Int64);
    }

    [Theory]
    [InlineData("syntax = 'proto4'; message A { }", "the syntax is 'proto4'; proto2 or proto3 was meant")]
    [InlineData("edition = 'UNSTABLE'; message A { }", "the edition is 'UNSTABLE'; a year from 2023 on was meant")]
    [InlineData("message A {\n optional string key = 1 }", "line 2: found '}'; ';' was meant")]
    [InlineData("message A { /* ", "line 1: a comment does not end; '*/' was meant")]
    [InlineData("message A { optional string key = 1 [default = 'x\n']; }", "line 1: a text does not end")]
    [InlineData("massage A { }", "line 1: found 'massage'; the beginning of a message, enum, option … was meant")]
    [InlineData("message A { optional string key = 536870912; }", "the number of key is not one from 1 to 536870911")]
    [InlineData("message A { optional string key = 0; }", "the number of key is not one from 1 to 536870911")]
    [InlineData("message A {", "line 1: found the end")]
    [InlineData("AAAA", "line 1: found 'AAAA'")]
    public async Task Decode_TextThatIsNone_SaysWhere(string schema, string words)
    {
        using SchemaEvents events = Events(schema);
        DecodeResult result = await events.DecodeAsync(1, KeyAndSeven);
        Assert.Equal("schema_mismatch", result.Reason);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decode_ReferenceThatIsNone_SaysWhichAndWhere()
    {
        using var events = new SchemaEvents("protobuf", "n: int64");
        events.Registry.Add(
            1,
            "import 'm.proto'; message Order { optional string key = 1; optional int64 n = 2; }",
            "PROTOBUF",
            ("m.proto", "\nmessage {"));
        DecodeResult result = await events.DecodeAsync(1, KeyAndSeven);
        Assert.Contains("m.proto, line 2: found '{'; a name was meant", result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Level", "\"N0\"")] // The enum inside, not the message beside.
    [InlineData("Order.Level", "\"N0\"")]
    [InlineData(".shop.Order . Level", "\"N0\"")]
    [InlineData("shop\n.Order /* a */ .Level", "\"N0\"")]
    [InlineData(".shop.Outer.Level", "\"O0\"")]
    [InlineData("Outer.Level", "\"O0\"")]
    public async Task Decode_NamesThatHideEachOther_TheInnermostScopeDecides(string type, string value)
    {
        using var events = new SchemaEvents("protobuf", "level: string");
        string schema = "syntax = 'proto3'; package shop; message Level { } "
            + "message Order { enum Level { N0 = 0; } string key = 1; " + type + " level = 2; } "
            + "message Outer { enum Level { O0 = 0; } }";
        events.Registry.Add(1, schema, "PROTOBUF");
        DecodeResult result = await events.DecodeAsync(1, [2, 2, 0x0A, 1, (byte)'k']);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal([value], events.Values());
    }

    [Fact]
    public async Task Decode_KnownImports_NeedNoReference()
    {
        using var events = new SchemaEvents(
            "protobuf", "price.units: int64", "day.year: int64", "amount.value: string", "nothing: string",
            "at: timestamp", "mask.paths: list", "status.code: int64");
        events.Registry.Add(
            1,
            """
            syntax = "proto3"; package shop;
            import "google/type/money.proto"; import "google/type/date.proto"; import "confluent/type/decimal.proto";
            import "confluent/meta.proto"; import "google/protobuf/struct.proto"; import "google/rpc/status.proto";
            import "google/protobuf/timestamp.proto"; import "google/protobuf/field_mask.proto";
            import "google/api/annotations.proto"; import "validate/validate.proto";
            message Order {
              string key = 1; google.type.Money price = 2; google.type.Date day = 3; confluent.type.Decimal amount = 4;
              google.protobuf.NullValue nothing = 5;
              google.protobuf.Timestamp at = 6 [(validate.rules).required = true];
              google.protobuf.FieldMask mask = 7; google.rpc.Status status = 8;
            }
            """,
            "PROTOBUF");
        byte[] payload =
        [
            0, 0x0A, 1, (byte)'k', 0x12, 2, 0x10, 12, 0x1A, 3, 0x08, 0xEA, 0x0F, 0x22, 3, 0x0A, 1, (byte)'a', 0x28, 0,
            0x32, 2, 0x08, 1, 0x3A, 3, 0x0A, 1, (byte)'p', 0x42, 2, 0x08, 5,
        ];
        DecodeResult result = await events.DecodeAsync(1, payload);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(
            ["12", "2026", "\"a\"", "\"NULL_VALUE\"", "1970-01-01T00:00:01.000Z", "[\"p\"]", "5"], events.Values());
    }

    [Fact]
    public async Task Decode_ImportThatTheRegistryLacks_IsNamed()
    {
        using var events = new SchemaEvents("protobuf", "price.units: int64");
        events.Registry.Add(
            1,
            "syntax = 'proto3'; import 'acme/money.proto'; message Order { string key = 1; acme.Money price = 2; }",
            "PROTOBUF");
        DecodeResult result = await events.DecodeAsync(1, [0, 0x0A, 1, (byte)'k']);
        Assert.Equal("schema_mismatch", result.Reason);
        Assert.Contains(
            "'price' is acme.Money, and these imports are not in the registry: acme/money.proto",
            result.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decode_FileThatIsAPublicImport_StandsForTheImported()
    {
        using var events = new SchemaEvents("protobuf", "n: int64");
        events.Registry.Add(
            1,
            "syntax = 'proto3'; import public 'shop/outer.proto';",
            "PROTOBUF",
            ("shop/order.proto", "syntax = 'proto3'; package shop; message Order { string key = 1; int64 n = 2; }"),
            ("shop/outer.proto", "syntax = 'proto3'; import public 'shop/order.proto';"));
        DecodeResult result = await events.DecodeAsync(1, KeyAndSeven);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(7, events["n"].Int64);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Decode_SchemasThatAreDescriptorsInBase64_AreRead(bool isSet)
    {
        var money = new FileDescriptorProto
        {
            Name = "money.proto", Package = "a", Syntax = "proto3",
            MessageType = { new DescriptorProto { Name = "Money", Field = { Field("units", 1, "") } } },
        };
        var order = new FileDescriptorProto
        {
            Name = "order.proto", Package = "a", Syntax = "proto3", Dependency = { "money.proto" },
            MessageType =
            {
                new DescriptorProto
                {
                    Name = "Order",
                    Field = { Field("key", 1, "string"), Field("n", 2, ""), Field("price", 3, ".a.Money") },
                },
            },
        };
        byte[] schema = isSet ? new FileDescriptorSet { File = { money, order } }.ToByteArray() : order.ToByteArray();
        using var events = new SchemaEvents("protobuf", "n: int64", "price.units: int64");
        events.Registry.Add(
            1,
            Convert.ToBase64String(schema),
            "PROTOBUF",
            ("money.proto", Convert.ToBase64String(money.ToByteArray())));
        DecodeResult result = await events.DecodeAsync(1, [.. KeyAndSeven, 0x1A, 2, 0x08, 5]);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(["7", "5"], events.Values());
    }

    [Theory]
    [InlineData("0A-01-6B 12-01-79", "x=\"y\"")] // Both declare it: the descriptor's count holds.
    [InlineData("0A-01-6B 1A-01-79", "y=\"y\"")] // Only the second declares field 3: the text's count was meant.
    public async Task Decode_IndexThatClientsCountInTwoWays_IsTheDescriptorsUnlessThePayloadSaysOtherwise(
        string hex, string expected)
    {
        using var events = new SchemaEvents("protobuf", "x: string", "y: string");
        events.Registry.Add(
            1,
            "syntax = 'proto3'; message A { string key = 1; map<string, int32> m = 2; message In1 { string key = 1; "
            + "optional string x = 2; } message In2 { string key = 1; string z = 2; optional string y = 3; } }",
            "PROTOBUF");
        byte[] payload = Convert.FromHexString(string.Concat(hex.Where(char.IsAsciiHexDigit)));
        DecodeResult result = await events.DecodeAsync(1, [4, 0, 2, .. payload]);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(expected, events["x"].IsNull ? $"y={events["y"]}" : $"x={events["x"]}");

        // The entry of a map is no event, so [0, 0] is In1 of the text; [0, 2] is only in the descriptor.
        Assert.True((await events.DecodeAsync(1, [4, 0, 0, 0x0A, 1, 0x6B, 0x12, 1, 0x78])).Succeeded);
        Assert.Equal("\"x\"", events["x"].ToString());
        Assert.True((await events.DecodeAsync(1, [4, 0, 4, 0x0A, 1, 0x6B, 0x1A, 1, 0x79])).Succeeded);
        Assert.Equal("\"y\"", events["y"].ToString());
        Assert.Equal("invalid_protobuf", (await events.DecodeAsync(1, [4, 0, 6, 0x0A, 1, 0x6B])).Reason);
    }

    [Fact]
    public async Task Decode_GroupsOfExtendBlocks_CountAsMessages()
    {
        using var events = new SchemaEvents("protobuf", "z: string");
        events.Registry.Add(
            1,
            "message Base { optional string key = 1; extensions 10 to 20; } extend Base { optional group Extra = 11 { "
            + "optional string key = 1; optional string other = 2; } } message Order { optional string key = 1; "
            + "optional string z = 2; }",
            "PROTOBUF");
        Assert.True((await events.DecodeAsync(1, [2, 4, 0x0A, 1, 0x6B, 0x12, 1, 0x7A])).Succeeded);
        Assert.Equal(["\"z\""], events.Values());
        Assert.True((await events.DecodeAsync(1, [2, 2, 0x0A, 1, 0x6B, 0x12, 1, 0x7A])).Succeeded);
        Assert.Equal(["null"], events.Values());
    }

    [Theory]
    [InlineData("", " [features.message_encoding = DELIMITED]")]
    [InlineData("", " [features = { message_encoding: DELIMITED }]")]
    [InlineData("option features = { message_encoding: DELIMITED };", "")]
    public async Task Decode_DelimitedMessages_AreRead(string file, string field)
    {
        using var events = new SchemaEvents(
            "protobuf", "address.city: string", "at: timestamp", "times: list", "n: int64", "big: int64");
        string schema = $$"""
            edition = "2023"; package shop; {{file}}
            import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
            message Address { string city = 1; }
            message Order {
              string key = 1; Address address = 2{{field}}; google.protobuf.Timestamp at = 3{{field}};
              repeated google.protobuf.Timestamp times = 4{{field}}; google.protobuf.Int64Value n = 5{{field}};
              google.protobuf.Int64Value big = 20{{field}}; map<string, Address> by = 21;
            }
            """;
        events.Registry.Add(1, schema, "PROTOBUF");
        byte[] payload = await Protoc.EncodeAsync(
            schema,
            "shop.Order",
            "key: 'k' address { city: 'Bonn' } at { seconds: 5 nanos: 1000000 } times { seconds: 1 } times { } "
            + "n { value: 7 } big { } by { key: 'a' value { city: 'c' } }");
        DecodeResult result = await events.DecodeAsync(1, [2, 2, .. payload]);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal(
            [
                "\"Bonn\"", "1970-01-01T00:00:05.001Z", "[1970-01-01T00:00:01.000Z, 1970-01-01T00:00:00.000Z]",
                "7", "0",
            ],
            events.Values());
        Assert.Equal(0, events.AllocatedBy(SchemaEvents.Frame(1, [2, 2, .. payload]), 5_000));
        Assert.Equal("invalid_protobuf", (await events.DecodeAsync(1, [2, 2, .. payload, 0x1B, 0x08, 1, 0x14])).Reason);
    }

    [Theory]
    [InlineData("syntax = 'proto2';", "", "null")]
    [InlineData("syntax = 'proto3';", "", "\"9\"")]
    [InlineData("edition = '2023';", "", "\"9\"")]
    [InlineData("edition = '2023';", "option features.enum_type = CLOSED;", "null")]
    [InlineData("edition = '2023';", "option features = { enum_type: CLOSED };", "null")]
    [InlineData("edition = '2023'; option features.enum_type = CLOSED;", "", "null")]
    [InlineData(
        "edition = '2024'; option features = { enum_type: CLOSED };", "option features.enum_type = OPEN;", "\"9\"")]
    public async Task Decode_NumberWithoutAName_IsAbsentInAClosedEnum(string head, string inEnum, string value)
    {
        using var events = new SchemaEvents("protobuf", "level: string");
        string label = head.Contains("proto3", StringComparison.Ordinal) || head[0] == 'e' ? "" : "optional ";
        events.Registry.Add(
            1,
            $"{head} message Order {{ {label}string key = 1; {label}L level = 2; }} "
            + $"enum L {{ {inEnum} A = 0; B = 1; }}",
            "PROTOBUF");
        DecodeResult result = await events.DecodeAsync(1, [0, 0x0A, 1, 0x6B, 0x10, 9]);
        Assert.True(result.Succeeded, result.Message);
        Assert.Equal([value], events.Values());
    }

    [Theory]
    [InlineData("syntax = 'proto3';", "")]
    [InlineData("edition = '2023';", " [features.utf8_validation = NONE]")]
    public async Task Decode_TextThatIsNoUtf8_IsRefusedWhateverTheFeatureSays(string head, string options)
    {
        using var events = new SchemaEvents("protobuf", "text: string");
        events.Registry.Add(1, $"{head} message Order {{ string key = 1; string text = 2{options}; }}", "PROTOBUF");
        Assert.Equal("invalid_utf8", (await events.DecodeAsync(1, [0, 0x0A, 1, 0x6B, 0x12, 1, 0xFF])).Reason);
    }

    [Fact]
    public async Task Decode_HostileSchemas_AreRefusedInTime()
    {
        const int Many = 100_000;
        string longPackage = $"package {string.Join('.', Enumerable.Repeat("a", Many))};";
        string package = $"package {string.Join('.', Enumerable.Repeat("a", 200))}; ";
        (string Name, string Schema)[] all =
        [
            ("deep messages", Repeat(Many, _ => "message A {")),
            ("deep blocks", $"option (x) = {new string('{', Many)}"),
            ("deep lists", $"option features = {{ [a] {new string('[', Many)}"),
            ("many texts", $"option x = {Repeat(Many, _ => "'a' ")};"),
            ("many imports", Repeat(Many, i => $"import '{i}';")),
            ("many messages", Repeat(Many, i => $"message A{i} {{optional string n=1;}}")),
            ("many fields", $"message A {{ {Repeat(3 * Many, i => $"bool a={i};")}"),
            ("long names", longPackage + " message A { optional B n = 1; }"),
            ("many names", package + Repeat(Many / 2, i => $"message A{i}{{optional B n=1;}}")),
            ("a long word", $"message {new string('a', Many)} {{ }}"),
            ("large", new string(' ', 17 * 1024 * 1024)),
        ];
        foreach ((string name, string schema) in all)
        {
            using SchemaEvents events = Events(schema);
            long start = Stopwatch.GetTimestamp();
            try
            {
                DecodeResult result = await events.DecodeAsync(1, KeyAndSeven);
                Assert.False(result.Succeeded, name);
            }
            catch (SchemaUnavailableException)
            {
                // Larger than the registry's answer may be.
            }

            TestContext.Current.SendDiagnosticMessage($"{name}: {Stopwatch.GetElapsedTime(start)}");
        }
    }

    private static string Repeat(int count, Func<int, string> text) =>
        string.Concat(Enumerable.Range(0, count).Select(text));

    private static SchemaEvents Events(string schema)
    {
        var events = new SchemaEvents("protobuf", "n: int64");
        events.Registry.Add(1, schema, "PROTOBUF");
        return events;
    }

    private static FieldDescriptorProto Field(string name, int number, string type) => new()
    {
        Name = name,
        Number = number,
        Label = FieldDescriptorProto.Types.Label.Optional,
        Type = type.Length == 0 ? FieldDescriptorProto.Types.Type.Int64
            : type == "string" ? FieldDescriptorProto.Types.Type.String : FieldDescriptorProto.Types.Type.Message,
        TypeName = type.StartsWith('.') ? type : "",
    };
}
