namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// Reads the source of .proto files (proto2, proto3 and editions): what payloads depend on; options, services and
/// extensions are passed over.
/// </summary>
internal sealed class ProtoParser
{
    private const int DepthMax = 64;
    private const int FieldNumberMax = (1 << 29) - 1;

    private readonly ProtoLexer _lexer;
    private readonly ProtoFile _file = new();

    private ProtoParser(string source) => _lexer = new ProtoLexer(source);

    /// <summary>Reads a file.</summary>
    /// <exception cref="SchemaTextException">It is no .proto file.</exception>
    internal static ProtoFile Parse(string source)
    {
        var parser = new ProtoParser(source);
        while (!parser._lexer.IsEnd)
        {
            parser.Statement();
        }

        return parser._file;
    }

    private void Statement()
    {
        switch (_lexer.TakeSignOrName())
        {
            case ";":
                break;
            case "syntax":
                _lexer.Expect("=");
                _file.Syntax = _lexer.TakeText() == "proto3" ? ProtoSyntax.Proto3 : ProtoSyntax.Proto2;
                _lexer.Expect(";");
                break;
            case "edition":
                _lexer.Expect("=");
                _lexer.TakeText();
                _file.Syntax = ProtoSyntax.Edition;
                _lexer.Expect(";");
                break;
            case "package":
                _file.Package = _lexer.TakeName();
                _lexer.Expect(";");
                break;
            case "option":
                _file.IsImplicit |= ProtoOptions.Statement(_lexer) is ("features.field_presence", "IMPLICIT");
                break;
            case "import":
                ProtoOptions.SkipStatement(_lexer);
                break;
            case "message":
                _file.Messages.Add(Message(_file.Package, 0));
                break;
            case "enum":
                _file.Enums.Add(ProtoEnumParser.Parse(_lexer, _file, _file.Package));
                break;
            case "service" or "extend":
                ProtoOptions.SkipStatement(_lexer);
                break;
            default:
                throw _lexer.Wrong("the beginning of a message, enum, option …");
        }
    }

    private ProtoMessage Message(string scope, int depth)
    {
        var message = new ProtoMessage(_file, Join(scope, _lexer.TakeName()));
        _lexer.Expect("{");
        Body(message, depth);
        return message;
    }

    private void Body(ProtoMessage message, int depth)
    {
        if (depth == DepthMax)
        {
            throw _lexer.Wrong($"at most {DepthMax} messages inside each other");
        }

        int oneofs = 0;
        while (!_lexer.TryTake("}"))
        {
            if (_lexer.TryTake(";"))
            {
                continue;
            }

            string word = _lexer.TakeName();
            switch (word)
            {
                case "message" when !_lexer.Is("="):
                    message.Messages.Add(Message(message.Name, depth + 1));
                    break;
                case "enum":
                    message.Enums.Add(ProtoEnumParser.Parse(_lexer, _file, message.Name));
                    break;
                case "option" or "extensions" or "reserved" or "extend":
                    ProtoOptions.SkipStatement(_lexer);
                    break;
                case "oneof":
                    Oneof(message, oneofs++, depth);
                    break;
                case "map" when _lexer.TryTake("<"):
                    Map(message);
                    break;
                default:
                    Field(message, word, -1, depth);
                    break;
            }
        }
    }

    private void Oneof(ProtoMessage message, int index, int depth)
    {
        _lexer.TakeName();
        _lexer.Expect("{");
        while (!_lexer.TryTake("}"))
        {
            if (_lexer.TryTake("option"))
            {
                ProtoOptions.SkipStatement(_lexer);
            }
            else if (!_lexer.TryTake(";"))
            {
                Field(message, _lexer.TakeName(), index, depth);
            }
        }
    }

    private void Map(ProtoMessage message)
    {
        _lexer.TakeName();
        _lexer.Expect(",");
        _lexer.TakeName();
        _lexer.Expect(">");
        Add(message, "map", ProtoLabel.Map, -1);
        _lexer.Expect(";");
    }

    private void Field(ProtoMessage message, string word, int oneof, int depth)
    {
        ProtoLabel label = word switch
        {
            "optional" => ProtoLabel.Optional,
            "required" => ProtoLabel.Required,
            "repeated" => ProtoLabel.Repeated,
            _ => ProtoLabel.None,
        };
        string type = label == ProtoLabel.None ? word : _lexer.TakeName();
        if (type != "group" || _lexer.Is("="))
        {
            Add(message, type, label, oneof);
            _lexer.Expect(";");
            return;
        }

        // A group declares a message beside the field, and both have one name.
        string name = _lexer.Token;
        bool isRepeated = label == ProtoLabel.Repeated;
        Add(message, name, isRepeated ? ProtoLabel.RepeatedGroup : ProtoLabel.Group, oneof);
        var inner = new ProtoMessage(_file, Join(message.Name, name));
        message.Messages.Add(inner);
        _lexer.Expect("{");
        Body(inner, depth + 1);
    }

    private void Add(ProtoMessage message, string type, ProtoLabel label, int oneof)
    {
        string name = _lexer.TakeName();
        _lexer.Expect("=");
        int number = _lexer.TakeInt();
        if (number is <= 0 or > FieldNumberMax)
        {
            throw new SchemaTextException($"the number of {message.Name}.{name} is not one from 1 to {FieldNumberMax}");
        }

        Dictionary<string, string> options = ProtoOptions.Field(_lexer);
        bool isGroup = label is ProtoLabel.Group or ProtoLabel.RepeatedGroup;
        message.Fields.Add(new ProtoField(isGroup ? name.ToLowerInvariant() : name, number, type, label)
        {
            Oneof = oneof,
            Default = options.GetValueOrDefault("default"),
            IsImplicit = options.TryGetValue("features.field_presence", out string? presence)
                ? presence == "IMPLICIT"
                : null,
        });
    }

    /// <summary>The full name of what is declared in a scope.</summary>
    internal static string Join(string scope, string name) => scope.Length == 0 ? name : $"{scope}.{name}";
}
