using System.Globalization;
using System.Text;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

/// <summary>
/// Random .proto files over the whole grammar: blanks and comments between any two tokens, names that hide each other,
/// numbers, texts and options in every spelling, groups, extensions, maps, and features in every position.
/// </summary>
internal sealed class RandomProto
{
    private static readonly string[] Scalars =
    [
        "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32",
        "sfixed64", "bool", "string", "bytes",
    ];

    private static readonly string[] Packages = ["a", "a.b", "a.b.c", "b", "b.a"];

    private static readonly string[] TypeNames = ["A", "B", "C", "Status", "Order", "Level"];

    private static readonly string[] FieldNames =
    [
        "message", "enum", "option", "group", "map", "to", "max", "stream", "optional", "oneof", "reserved", "syntax",
        "package", "import", "extensions", "extend", "rpc", "repeated", "required", "inf", "nan", "weak", "public",
        "returns", "edition", "export", "local", "user_id", "_x", "a", "b", "status", "level",
    ];

    private readonly Random _random;
    private readonly string _syntax;
    private readonly HashSet<string> _types = new(StringComparer.Ordinal);
    private readonly HashSet<string> _packages = new(StringComparer.Ordinal);
    private readonly HashSet<string> _around = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Scope, string Type)> _references = new(StringComparer.Ordinal);
    private readonly List<(string Name, bool IsEnum)> _all = [];
    private readonly List<string> _open = [];
    private readonly List<string> _tokens = [];
    private int _next;

    /// <param name="random">The source of all choices.</param>
    /// <param name="syntax">proto2, proto3, 2023 or 2024.</param>
    internal RandomProto(Random random, string syntax) => (_random, _syntax) = (random, syntax);

    /// <summary>Options for the other files: a message for fields and one for ranges.</summary>
    internal const string Options =
        """
        syntax = "proto2"; package opts; import "google/protobuf/descriptor.proto";
        message Opt { optional int32 x = 1; optional string s = 2; repeated Opt o = 3; repeated int32 n = 4; }
        extend google.protobuf.FieldOptions { optional Opt opt = 50001; }
        extend google.protobuf.ExtensionRangeOptions { optional string note = 50002; }
        extend google.protobuf.MethodOptions { optional Opt call = 50003; }
        """;

    private bool IsEdition => _syntax.StartsWith('2');

    private bool HasGroups => _syntax == "proto2";

    /// <summary>A collection: main.proto imports mid.proto, which imports dep.proto for all.</summary>
    internal (string Name, string Source)[] Files()
    {
        string[] packages = [Pick(Packages), Pick(Packages), Pick(Packages)];
        Array.ForEach([.. packages, "opts", "google"], package => AddPackage(_packages, package));

        return
        [
            ("opts.proto", Options),
            ("dep.proto", File(packages[0], "", isMain: false)),
            ("mid.proto", File(packages[1], "import public \"dep.proto\";", isMain: false)),
            ("main.proto", File(packages[2], "import 'mid.proto'; import \"opts\" '.proto';", isMain: true)),
        ];
    }

    private static void AddPackage(HashSet<string> into, string package)
    {
        for (string name = package; name.Length > 0; name = Outer(name))
        {
            into.Add(name);
        }
    }

    private string File(string package, string imports, bool isMain)
    {
        AddPackage(_around, package);
        AddPackage(_around, isMain ? "opts" : package);
        _tokens.Clear();
        _open.Clear();
        bool isClosed = false, isImplicit = _syntax == "proto3";
        Add(IsEdition ? "edition" : "syntax", "=", Quote(_syntax), ";");
        Dotted(["package"], package, [";"]);
        foreach (string word in imports.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            Add(word.EndsWith(';') ? [word[..^1], ";"] : [word]);
        }

        if (IsEdition)
        {
            isClosed = Maybe(3) && isMain;
            isImplicit = !isClosed && Maybe(3);
            FileFeatures(isClosed, isImplicit);
        }

        var scope = new Scope(package, isClosed, isImplicit, isMain, 0, new HashSet<string>(StringComparer.Ordinal));
        for (int i = _random.Next(2, 5); i > 0; i--)
        {
            if (Maybe(3))
            {
                Enum(scope);
            }
            else
            {
                Message(scope);
            }

            if (_open.Count > 0 && isMain && Maybe(2))
            {
                Extend(scope);
            }
        }

        if (isMain && Maybe(2))
        {
            Service();
        }

        return Spray();
    }

    private void FileFeatures(bool isClosed, bool isImplicit)
    {
        if (isClosed)
        {
            Feature("enum_type", "CLOSED");
        }

        if (isImplicit)
        {
            Feature("field_presence", "IMPLICIT");
        }

        if (Maybe(3))
        {
            Feature("message_encoding", "DELIMITED");
        }

        if (Maybe(3))
        {
            Feature("repeated_field_encoding", "EXPANDED");
        }

        if (_syntax == "2024")
        {
            Feature("enforce_naming_style", "STYLE_LEGACY");
            Feature("default_symbol_visibility", "EXPORT_ALL");
        }
    }

    private void Feature(string name, string value) => Add("option", "features", ".", name, "=", value, ";");

    private void Message(Scope scope)
    {
        if (Declare(scope, isEnum: false) is not { } name)
        {
            return;
        }

        Visibility(scope);
        Add("message", name[(name.LastIndexOf('.') + 1)..], "{");
        Body(scope with { Name = name, Depth = scope.Depth + 1, Fields = [] });
        Add("}");
        MaybeEmpty();
    }

    private void Visibility(Scope scope)
    {
        if (_syntax == "2024" && scope.IsMain && Maybe(3))
        {
            Add(Maybe(2) ? "export" : "local");
        }
    }

    private void Body(Scope scope)
    {
        var numbers = new Numbers();
        if (_syntax != "proto3" && Maybe(3))
        {
            Add("extensions", "1000", "to", "0x7CF", ",", "3000", "to", "max");
            if (scope.IsMain && Maybe(2))
            {
                Add("[", "(", "opts", ".", "note", ")", "=", "'}'", ",", "verification", "=", "UNVERIFIED", "]");
            }

            Add(";");
            _open.Add(scope.Name);
        }

        for (int i = _random.Next(1, 9); i > 0; i--)
        {
            switch (_random.Next(10))
            {
                case 0 when scope.Depth < 3:
                    Message(scope);
                    break;
                case 1:
                    Enum(scope);
                    break;
                case 2:
                    Oneof(scope, numbers);
                    break;
                case 3:
                    Map(scope, numbers);
                    break;
                case 4 when HasGroups && scope.Depth < 3:
                    Group(scope, numbers, Pick(["optional", "repeated", "required"]));
                    break;
                default:
                    Field(scope, numbers, isInOneof: false);
                    break;
            }

            MaybeEmpty();
        }

        if (Maybe(3))
        {
            Add("reserved", "2100", "to", "2110", ",", "0x898", "to", "2220", ";");
            Add(IsEdition ? ["reserved", "gone", ",", "lost", ";"] : ["reserved", "\"gone\"", ",", "'lost'", ";"]);
        }
    }

    private void Field(Scope scope, Numbers numbers, bool isInOneof)
    {
        string label = isInOneof || IsEdition && !Maybe(4) ? ""
            : IsEdition ? "repeated"
            : _syntax == "proto2" ? Pick(["optional", "required", "repeated"])
            : Pick(["", "optional", "repeated", ""]);
        Add(label.Length == 0 ? [] : [label]);
        (string Name, bool IsEnum)? type = _all.Count > 0 && Maybe(2) ? Pick(_all) : null;
        string scalar = type is null ? Pick(Scalars) : "";
        Add(type is null ? [scalar] : Later(scope.Name, type.Value.Name));
        string name = FieldName(scope);
        Add(name, "=", Number(numbers.Next(_random)));
        FieldOptions(scope, label, scalar, type, isInOneof);
        Add(";");
    }

    private void FieldOptions(
        Scope scope, string label, string scalar, (string Name, bool IsEnum)? type, bool isInOneof)
    {
        var options = new List<string[]>();
        bool isImplicit = AddFeatures(options, scope, label, type, isInOneof);
        if (label != "repeated" && type is null && !isImplicit && _syntax != "proto3" && Maybe(2))
        {
            options.Add(["default", "=", .. Default(scalar)]);
        }

        if (label == "repeated" && type is null && scalar is not ("string" or "bytes") && !IsEdition && Maybe(3))
        {
            options.Add(["packed", "=", Maybe(2) ? "true" : "false"]);
        }

        if (Maybe(5))
        {
            options.Add(["deprecated", "=", "true"]);
        }

        if (scope.IsMain && Maybe(4))
        {
            options.Add(Pick<string[]>([
                ["(", "opts", ".", "opt", ")", ".", "x", "=", "-", "5"],
                ["(", ".", "opts", ".", "opt", ")", ".", "s", "=", "'a'", "\"}\""],
                [
                    "(", "opts", ".", "opt", ")", "=", "{", "x", ":", "1", "s", ":", "\"}{\"", "o", "<", "x", ":", "2",
                    ">", "o", "{", "s", ":", "'\\''", "}", "n", ":", "[", "1", ",", "2", "]", "}",
                ],
            ]));
        }

        if (options.Count > 0)
        {
            Add(["[", .. options[0]]);
            foreach (string[] more in options.Skip(1))
            {
                Add([",", .. more]);
            }

            Add("]");
        }
    }

    // Adds features of a field; says whether it has no presence.
    private bool AddFeatures(
        List<string[]> options, Scope scope, string label, (string Name, bool IsEnum)? type, bool isInOneof)
    {
        bool isMessage = type is { IsEnum: false };
        bool isImplicit = scope.IsImplicit && label.Length == 0 && !isInOneof && !isMessage;
        if (IsEdition && label.Length == 0 && !isInOneof && !isMessage)
        {
            if (type is { IsEnum: true } && isImplicit)
            {
                isImplicit = false;
                options.Add(["features", ".", "field_presence", "=", "EXPLICIT"]);
            }
            else if (type is null && Maybe(3))
            {
                isImplicit = Maybe(2);
                string[] value = [isImplicit ? "IMPLICIT" : "EXPLICIT"];
                options.Add(Maybe(2)
                    ? ["features", ".", "field_presence", "=", .. value]
                    : ["features", "=", "{", "field_presence", ":", .. value, .. Maybe(2) ? new[] { "," } : [], "}"]);
            }
        }
        else if (IsEdition && isMessage && Maybe(3))
        {
            string value = Maybe(2) ? "DELIMITED" : "LENGTH_PREFIXED";
            options.Add(Maybe(2)
                ? ["features", ".", "message_encoding", "=", value]
                : ["features", "=", "{", "message_encoding", ":", value, "}"]);
        }

        return isImplicit;
    }

    private string[] Default(string scalar) => scalar switch
    {
        "bool" => [Maybe(2) ? "true" : "false"],
        "string" => Pick<string[]>([["\"\""], ["'a\\n\\t\\\"\\'\\?'", "\"b\""], ["\"\\u00e4\\xC3\\xa4\\303\\244ß€\""]]),
        "bytes" => Pick<string[]>([["'\\x00\\xff\\1\\377'"], ["\"a\\\\b\"", "'\\a\\b\\f\\v\\r'"], ["'\"'"]]),
        "float" or "double" => Pick<string[]>([
            ["1.5"], [".5"], ["1."], ["-", "1e3"], ["1.5E-3"], ["inf"], ["-", "inf"], ["nan"], ["10"], ["0.1"],
            ["-", "0"], ["3.4e38"], ["1e-45"], ["0x10"],
        ]),
        "uint32" or "fixed32" => Pick<string[]>([["0"], ["4294967295"], ["0xFFFFFFFF"], ["017"]]),
        "uint64" or "fixed64" => Pick<string[]>([["18446744073709551615"], ["0xffffffffffffffff"], ["0777"]]),
        "int64" or "sint64" or "sfixed64" => Pick<string[]>([
            ["-", "9223372036854775808"], ["9223372036854775807"], ["-", "0x10"], ["-", "010"], ["-", "0"],
        ]),
        _ => Pick<string[]>([["-", "2147483648"], ["2147483647"], ["-", "0X1f"], ["07"]]),
    };

    private void Oneof(Scope scope, Numbers numbers)
    {
        Add("oneof", FieldName(scope), "{");
        for (int i = _random.Next(1, 4); i > 0; i--)
        {
            if (HasGroups && scope.Depth < 3 && Maybe(4))
            {
                Group(scope, numbers, "");
            }
            else
            {
                Field(scope, numbers, isInOneof: true);
            }
        }

        Add("}");
    }

    private void Map(Scope scope, Numbers numbers)
    {
        string key = Pick(["int32", "string", "bool", "fixed64", "sint32"]);
        string value = Pick(Scalars);
        Add("map", "<", key, ",", value, ">", FieldName(scope), "=", Number(numbers.Next(_random)), ";");
    }

    private void Group(Scope scope, Numbers numbers, string label)
    {
        string name = $"Group{_next++}";
        Add(label.Length == 0 ? [] : [label]);
        Add("group", name, "=", Number(numbers.Next(_random)));
        Add(Maybe(3) ? ["[", "deprecated", "=", "true", "]", "{"] : ["{"]);
        Body(scope with { Name = Join(scope.Name, name), Depth = scope.Depth + 1, Fields = [] });
        Add("}");
    }

    private void Extend(Scope scope)
    {
        string target = Pick(_open);
        Dotted(["extend"], "." + target, ["{"]);
        for (int i = _random.Next(1, 3); i > 0; i--)
        {
            string number = Number(1000 + _next++ % 900);
            if (HasGroups && Maybe(2))
            {
                string name = $"Group{_next++}";
                Add("optional", "group", name, "=", number, "{");
                Body(scope with { Name = Join(scope.Name, name), Depth = 2, Fields = [] });
                Add("}");
            }
            else
            {
                Add(IsEdition ? [] : ["optional"]);
                Add(Pick(Scalars), $"ext{_next++}", "=", number, ";");
            }
        }

        Add("}");
    }

    private void Enum(Scope scope)
    {
        if (Declare(scope, isEnum: true) is not { } name)
        {
            return;
        }

        Visibility(scope);
        Add("enum", name[(name.LastIndexOf('.') + 1)..], "{");
        bool canBeClosed = _syntax == "proto2" || scope.IsClosed;
        bool hasAlias = Maybe(3);
        if (hasAlias)
        {
            Add("option", "allow_alias", "=", "true", ";");
        }

        // Fields without presence need open enums; they are given presence where an enum is their type.
        if (IsEdition && Maybe(3))
        {
            canBeClosed = Maybe(2);
            string value = canBeClosed ? "CLOSED" : "OPEN";
            Add(Maybe(2)
                ? ["option", "features", ".", "enum_type", "=", value, ";"]
                : ["option", "features", "=", "{", "enum_type", ":", value, "}", ";"]);
        }

        Add($"V{_next++}", "=", canBeClosed && Maybe(2) ? "5" : "0", ";");
        for (int i = 1; i < _random.Next(2, 5); i++)
        {
            Add($"V{_next++}", "=");
            Add(Maybe(4) ? ["-", (10 + i).ToString(CultureInfo.InvariantCulture)] : [Number(i)]);
            Add(Maybe(4) ? ["[", "deprecated", "=", "true", "]", ";"] : [";"]);
        }

        if (hasAlias)
        {
            Add($"V{_next++}", "=", "1", ";", $"V{_next++}", "=", "1", ";");
        }

        if (Maybe(3))
        {
            Add("reserved", "-", "50", "to", "-", "40", ",", "90", ",", "100", "to", "max", ";");
        }

        Add("}");
    }

    private void Service()
    {
        string[] known = [.. _all.Where(t => !t.IsEnum).Select(t => t.Name)];
        if (known.Length == 0)
        {
            return;
        }

        Add("service", $"Service{_next++}", "{");
        Dotted(["rpc", "Call", "(", .. Maybe(2) ? new[] { "stream" } : []], "." + Pick(known), [")", "returns", "("]);
        Dotted([], "." + Pick(known), [")", "{"]);
        Add("option", "(", "opts", ".", "call", ")", "=", "{", "s", ":", "'{'", "o", "{", "}", "}", ";", "}", "}");
    }

    // A new name in a scope; null: there is none left.
    private string? Declare(Scope scope, bool isEnum)
    {
        string name = Join(scope.Name, Pick(TypeNames));
        if (_packages.Contains(name) || !_types.Add(name))
        {
            return null;
        }

        _all.Add((name, isEnum));
        return name;
    }

    private string FieldName(Scope scope)
    {
        string name = Maybe(2) ? Pick(FieldNames) : $"f{_next++}";
        return scope.Fields.Add(name) ? name : FieldName(scope);
    }

    // Stands for a type's name until the file is complete, since what comes behind may hide names.
    private string[] Later(string scope, string type)
    {
        string mark = $"\0{_references.Count}";
        _references[mark] = (scope, type);
        return [mark];
    }

    // A spelling of a type's name that means it in a scope by protoc's rule.
    private string Reference(string scope, string type)
    {
        string[] parts = type.Split('.');
        for (int from = parts.Length - 1; from > 0; from--)
        {
            string name = string.Join('.', parts[from..]);
            if (Maybe(2) && Resolve(scope, name) == type)
            {
                return name;
            }
        }

        return "." + type;
    }

    private string? Resolve(string scope, string name)
    {
        string first = name.Split('.')[0];
        for (string? at = scope; at is not null; at = at.Length == 0 ? null : Outer(at))
        {
            string full = Join(at, first);
            bool isType = _types.Contains(full);
            if (first == name ? isType : isType || _around.Contains(full))
            {
                return Join(at, name);
            }
        }

        return null;
    }

    private string Number(int number) => _random.Next(4) switch
    {
        0 => $"0x{number:x}",
        1 => "0" + Convert.ToString(number, 8),
        _ => number.ToString(CultureInfo.InvariantCulture),
    };

    private void MaybeEmpty() => Add(Maybe(5) ? [";"] : []);

    private void Dotted(string[] before, string name, string[] after)
    {
        Add(before);
        string[] parts = name.Split('.');
        for (int i = 0; i < parts.Length; i++)
        {
            Add(i > 0 ? ["."] : []);
            Add(parts[i].Length > 0 ? [parts[i]] : []);
        }

        Add(after);
    }

    private void Add(params string[] tokens) => _tokens.AddRange(tokens);

    // The tokens with blanks and comments between them.
    private string Spray()
    {
        var text = new StringBuilder(Maybe(3) ? "\uFEFF" : "");
        string[] marked = [.. _tokens];
        _tokens.Clear();
        foreach (string token in marked)
        {
            bool isMark = _references.TryGetValue(token, out (string Scope, string Type) reference);
            Dotted([], isMark ? Reference(reference.Scope, reference.Type) : "", isMark ? [] : [token]);
        }

        foreach (string token in _tokens)
        {
            bool isWord = token[0] == '_' || char.IsAsciiLetterOrDigit(token[0]) || token[0] == '.';
            bool isBehindWord = text.Length > 0 && (char.IsAsciiLetterOrDigit(text[^1]) || text[^1] is '_' or '.');
            bool mustBlank = isWord && isBehindWord;
            text.Append(_random.Next(12) switch
            {
                0 => "\n",
                1 => "\t \r\n",
                2 => "/* a ; } \" ' // */",
                3 => "// a ; { \" /*\n",
                4 => " /**/ ",
                < 8 => " ",
                _ => mustBlank ? " " : "",
            });
            text.Append(token);
        }

        return text.Append(Maybe(2) ? "// the end" : "\n").ToString();
    }

    private string Quote(string text) => Maybe(2) ? $"'{text}'" : $"\"{text}\"";

    private bool Maybe(int of) => _random.Next(of) == 0;

    private T Pick<T>(IReadOnlyList<T> among) => among[_random.Next(among.Count)];

    private static string Join(string scope, string name) => scope.Length == 0 ? name : $"{scope}.{name}";

    private static string Outer(string name) => name[..Math.Max(0, name.LastIndexOf('.'))];

    private sealed record Scope(
        string Name, bool IsClosed, bool IsImplicit, bool IsMain, int Depth, HashSet<string> Fields);

    private sealed class Numbers
    {
        private int _last;

        internal int Next(Random random) => _last += random.Next(1, 4);
    }
}
