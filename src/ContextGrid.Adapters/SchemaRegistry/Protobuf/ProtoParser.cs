using System.Globalization;
using System.Text;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// Reads the source of .proto files by recursive descent: the grammar of the Protocol Buffers language specification
/// for proto2, proto3 and editions. Kept is what payloads depend on; services and options of others are passed over.
/// It refuses what it can't read and does not check what the compiler of the writer has checked already.
/// </summary>
internal sealed class ProtoParser
{
    private const int FieldNumberMax = (1 << 29) - 1;

    private readonly ProtoLexer _lexer;
    private readonly ProtoFile _file;
    private readonly ProtoBounds _bounds;

    private ProtoParser(string path, string source, ProtoBounds bounds)
    {
        bounds.Read(source.Length);
        _bounds = bounds;
        _lexer = new ProtoLexer(source, path.Length == 0 ? "" : $"{path}, ");
        _file = new ProtoFile(path);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The path by which others import it; empty for the schema itself.</param>
    /// <param name="source">The text.</param>
    /// <param name="bounds">What reading may cost.</param>
    /// <exception cref="SchemaTextException">It is no .proto file, or too large.</exception>
    internal static ProtoFile Parse(string path, string source, ProtoBounds bounds)
    {
        var parser = new ProtoParser(path, source, bounds);
        while (!parser._lexer.IsEnd)
        {
            parser.Statement();
        }

        ProtoFeatures.Resolve(parser._file);
        return parser._file;
    }

    /// <summary>The full name of what is declared in a scope.</summary>
    internal static string Join(string scope, string name) => scope.Length == 0 ? name : $"{scope}.{name}";

    private void Statement()
    {
        if (_lexer.TryTake(";"))
        {
            return;
        }

        TakeVisibility();
        ProtoToken word = _lexer.Current;
        switch (_lexer.TakeName())
        {
            case "syntax":
                Syntax();
                break;
            case "edition":
                Edition();
                break;
            case "package":
                _file.Package = _bounds.Declare(_lexer.TakePath());
                _lexer.Expect(";");
                break;
            case "import":
                Import();
                break;
            case "option":
                Option(new ProtoOptions(_file.Features));
                break;
            case "message":
                _file.Messages.Add(Message(_file.Package, 0));
                break;
            case "enum":
                _file.Enums.Add(Enum(_file.Package));
                break;
            case "extend":
                Extend(_file.Package, _file.Messages, 0);
                break;
            case "service":
                Service();
                break;
            default:
                throw _lexer.Wrong(word, "the beginning of a message, enum, option …");
        }
    }

    // Edition 2024: says who may use a message or enum, and changes nothing for payloads. Before, the words are names
    // like any other: of the type of a field "message".
    private void TakeVisibility()
    {
        if (_file.Edition >= ProtoEdition.Edition2024
            && (_lexer.Is("export") || _lexer.Is("local"))
            && (_lexer.Following.Is("message") || _lexer.Following.Is("enum")))
        {
            _lexer.Take();
        }
    }

    private void Syntax()
    {
        _lexer.Expect("=");
        string name = Encoding.UTF8.GetString(_lexer.TakeText());
        _file.Edition = name switch
        {
            "proto2" => ProtoEdition.Proto2,
            "proto3" => ProtoEdition.Proto3,
            _ => throw new SchemaTextException($"the syntax is '{name}'; proto2 or proto3 was meant"),
        };
        _lexer.Expect(";");
    }

    private void Edition()
    {
        _lexer.Expect("=");
        string name = Encoding.UTF8.GetString(_lexer.TakeText());
        _file.Edition = ProtoEditions.TryParse(name, out ProtoEdition edition)
            ? edition
            : throw new SchemaTextException($"the edition is '{name}'; a year from 2023 on was meant");
        _lexer.Expect(";");
    }

    private void Import()
    {
        bool isPublic = _lexer.TryTake("public");
        bool isOption = !isPublic && !_lexer.TryTake("weak") && _lexer.TryTake("option");
        string path = _bounds.Declare(Encoding.UTF8.GetString(_lexer.TakeText()));
        _lexer.Expect(";");

        // What is imported for options only gives no names to fields (edition 2024).
        if (!isOption)
        {
            _file.Imports.Add(new ProtoImport(path, isPublic));
        }
    }

    private void Option(ProtoOptions options)
    {
        options.Take(_lexer);
        _lexer.Expect(";");
    }

    private void Service()
    {
        _file.Services.Add(Declare(_file.Package));
        _lexer.Expect("{");
        ProtoOptions.SkipBraces(_lexer);
    }

    private ProtoMessage Message(string scope, int depth)
    {
        var message = new ProtoMessage(_file, Declare(scope), ProtoMessageOrigin.Written);
        _lexer.Expect("{");
        Body(message, depth);
        return message;
    }

    // Takes the name of what is declared and makes it a full one.
    private string Declare(string scope) => _bounds.Declare(Join(scope, _lexer.TakeName()));

    private void Body(ProtoMessage message, int depth)
    {
        if (depth == ProtoBounds.DepthMax)
        {
            throw _lexer.Wrong(string.Create(
                CultureInfo.InvariantCulture, $"at most {ProtoBounds.DepthMax} messages inside each other"));
        }

        while (!_lexer.TryTake("}"))
        {
            if (!_lexer.TryTake(";"))
            {
                Member(message, depth);
            }
        }
    }

    private void Member(ProtoMessage message, int depth)
    {
        TakeVisibility();
        ProtoToken following = _lexer.Following;
        bool isNamed = following.Kind == ProtoTokenKind.Name;
        switch (_lexer.Current.Kind == ProtoTokenKind.Name ? _lexer.Current.Text : "")
        {
            case "message" when isNamed:
                _lexer.Take();
                message.Messages.Add(Message(message.Name, depth + 1));
                break;
            case "enum" when isNamed:
                _lexer.Take();
                message.Enums.Add(Enum(message.Name));
                break;
            case "oneof" when isNamed:
                Oneof(message, depth);
                break;
            case "extend" when isNamed || following.Is("."):
                _lexer.Take();
                Extend(message.Name, message.Messages, depth);
                break;
            case "option":
                _lexer.Take();
                var options = new ProtoOptions(message.Features);
                Option(options);
                message.Origin = options.IsMapEntry ? ProtoMessageOrigin.MapEntry : message.Origin;
                break;
            case "reserved" or "extensions" when following.Kind is not ProtoTokenKind.Sign || following.Is("-"):
                Ranges();
                break;
            default:
                message.Fields.Add(Numbered(Field(message.Name, message.Messages, null, depth)));
                break;
        }
    }

    private void Oneof(ProtoMessage message, int depth)
    {
        _lexer.Expect("oneof");
        var oneof = new ProtoOneof(_bounds.Declare(_lexer.TakeName()));
        message.Oneofs.Add(oneof);
        _lexer.Expect("{");
        while (!_lexer.TryTake("}"))
        {
            if (_lexer.TryTake("option"))
            {
                Option(new ProtoOptions(oneof.Features));
            }
            else if (!_lexer.TryTake(";"))
            {
                message.Fields.Add(Numbered(Field(message.Name, message.Messages, oneof, depth)));
            }
        }
    }

    // The fields of an extend block are passed over; the messages that its groups declare are messages of the scope.
    private void Extend(string scope, List<ProtoMessage> messages, int depth)
    {
        _lexer.TakePath();
        _lexer.Expect("{");
        while (!_lexer.TryTake("}"))
        {
            if (!_lexer.TryTake(";"))
            {
                Field(scope, messages, null, depth);
            }
        }
    }

    private ProtoField Field(string scope, List<ProtoMessage> messages, ProtoOneof? oneof, int depth)
    {
        ProtoLabel label = _lexer.Current switch
        {
            var token when token.Is("optional") => ProtoLabel.Optional,
            var token when token.Is("required") => ProtoLabel.Required,
            var token when token.Is("repeated") => ProtoLabel.Repeated,
            _ => ProtoLabel.None,
        };
        if (label != ProtoLabel.None)
        {
            _lexer.Take();
        }

        if (_lexer.Is("map") && _lexer.Following.Is("<"))
        {
            return Map(scope, messages);
        }

        if (_lexer.Is("group") && _lexer.Following.Kind == ProtoTokenKind.Name)
        {
            return Group(scope, messages, label, oneof, depth);
        }

        string type = _bounds.Declare(_lexer.TakePath());
        (string name, int number, ProtoOptions options) = FieldEnd();
        _lexer.Expect(";");
        return new ProtoField(name, number, type, label)
        {
            Scalar = ProtoTypes.Scalar(type),
            Oneof = oneof,
            Default = options.Default,
            Features = options.Features,
        };
    }

    // A group declares a message beside the field; the field has its name in small letters.
    private ProtoField Group(
        string scope, List<ProtoMessage> messages, ProtoLabel label, ProtoOneof? oneof, int depth)
    {
        _lexer.Expect("group");
        (string name, int number, ProtoOptions options) = FieldEnd();
        var own = new ProtoMessage(_file, _bounds.Declare(Join(scope, name)), ProtoMessageOrigin.Group);
        messages.Add(own);
        _lexer.Expect("{");
        Body(own, depth + 1);
        return new ProtoField(name.ToLowerInvariant(), number, name, label)
        {
            Own = own,
            Oneof = oneof,
            Features = options.Features,
        };
    }

    private ProtoField Map(string scope, List<ProtoMessage> messages)
    {
        _lexer.Expect("map");
        _lexer.Expect("<");
        string key = _bounds.Declare(_lexer.TakePath());
        _lexer.Expect(",");
        string value = _bounds.Declare(_lexer.TakePath());
        _lexer.Expect(">");
        (string name, int number, ProtoOptions options) = FieldEnd();
        _lexer.Expect(";");
        string entryName = _bounds.Declare(Join(scope, EntryName(name)));
        var entry = new ProtoMessage(_file, entryName, ProtoMessageOrigin.MapEntry);
        entry.Fields.Add(new ProtoField("key", 1, key, ProtoLabel.Optional) { Scalar = ProtoTypes.Scalar(key) });
        entry.Fields.Add(new ProtoField("value", 2, value, ProtoLabel.Optional) { Scalar = ProtoTypes.Scalar(value) });
        messages.Add(entry);
        return new ProtoField(name, number, ProtoTypes.MapName, ProtoLabel.Repeated)
        {
            Own = entry,
            Features = options.Features,
        };
    }

    // Extensions of message sets have larger numbers than fields.
    private static ProtoField Numbered(ProtoField field) => field.Number is > 0 and <= FieldNumberMax
        ? field
        : throw new SchemaTextException(string.Create(
            CultureInfo.InvariantCulture, $"the number of {field.Name} is not one from 1 to {FieldNumberMax}"));

    // NAME = NUMBER [options]; what follows is the caller's.
    private (string Name, int Number, ProtoOptions Options) FieldEnd()
    {
        string name = _bounds.Declare(_lexer.TakeName());
        _lexer.Expect("=");
        int number = _lexer.TakeInt();
        var options = new ProtoOptions(new ProtoFeatureChanges());
        options.TakeBrackets(_lexer);
        return (name, number, options);
    }

    private ProtoEnum Enum(string scope)
    {
        var found = new ProtoEnum(_file, Declare(scope));
        _lexer.Expect("{");
        while (!_lexer.TryTake("}"))
        {
            bool isValue = _lexer.Following.Is("=");
            if (_lexer.TryTake(";"))
            {
                continue;
            }

            if (!isValue && _lexer.TryTake("option"))
            {
                Option(new ProtoOptions(found.Features));
            }
            else if (!isValue && _lexer.Is("reserved"))
            {
                Ranges();
            }
            else
            {
                string name = _bounds.Declare(_lexer.TakeName());
                _lexer.Expect("=");
                found.Values.Add((name, _lexer.TakeInt()));
                new ProtoOptions(new ProtoFeatureChanges()).TakeBrackets(_lexer);
                _lexer.Expect(";");
            }
        }

        return found;
    }

    // Reserved numbers and names, and the numbers of extensions with their options.
    private void Ranges()
    {
        _lexer.Take();
        do
        {
            if (_lexer.Current.Kind == ProtoTokenKind.Text)
            {
                _lexer.TakeText();
            }
            else if (_lexer.Current.Kind == ProtoTokenKind.Name)
            {
                _lexer.Take();
            }
            else
            {
                _lexer.TakeInt();
                if (_lexer.TryTake("to") && !_lexer.TryTake("max"))
                {
                    _lexer.TakeInt();
                }
            }
        }
        while (_lexer.TryTake(","));
        new ProtoOptions(new ProtoFeatureChanges()).TakeBrackets(_lexer);
        _lexer.Expect(";");
    }

    // The name that protoc gives to the entry of a map: the field's name in camel case, and "Entry".
    private static string EntryName(string field)
    {
        var name = new StringBuilder();
        bool isNext = true;
        foreach (char c in field)
        {
            if (c != '_')
            {
                name.Append(isNext ? char.ToUpperInvariant(c) : c);
            }

            isNext = c == '_';
        }

        return name.Append("Entry").ToString();
    }
}
