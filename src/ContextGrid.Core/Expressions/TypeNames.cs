using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>The names of types in definitions and messages.</summary>
public static class TypeNames
{
    /// <summary>The names that a field's type can have, for messages and suggestions.</summary>
    public static IReadOnlyList<string> Declarable { get; } =
        ["bool", "int64", "double", "string", "timestamp", "list"];

    /// <summary>The type's name: <c>int64</c>, <c>string</c>, …</summary>
    public static string Of(ValueKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>Reads a field's type; <c>int</c> is another name of <c>int64</c>.</summary>
    public static bool TryParse(string name, out ValueKind kind)
    {
        string known = name == "int" ? "int64" : name;
        kind = known switch
        {
            "bool" => ValueKind.Bool,
            "int64" => ValueKind.Int64,
            "double" => ValueKind.Double,
            "string" => ValueKind.String,
            "timestamp" => ValueKind.Timestamp,
            "list" => ValueKind.List,
            _ => ValueKind.Null,
        };
        return kind != ValueKind.Null;
    }
}
