using System.Globalization;
using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>What a field has that is absent from a payload.</summary>
internal static class ProtoDefaults
{
    /// <summary>The default of a field: what its declaration says, else that of its type; null for messages.</summary>
    /// <param name="use">How the field is read.</param>
    /// <param name="declared">The declared default; null: none.</param>
    internal static Value Of(ProtoUse use, string? declared) => use.Type switch
    {
        ProtoType.Message or ProtoType.Timestamp or ProtoType.Duration or ProtoType.Wrapper => Value.Null,
        ProtoType.Bool => Value.Of(declared == "true"),
        ProtoType.String or ProtoType.Bytes => Text(use, declared ?? ""),
        ProtoType.Enum => Symbol(use, declared),
        _ => Number(use, declared ?? "0"),
    };

    /// <summary>The default of a scalar type, for a wrapper that is present and empty.</summary>
    internal static Value OfWrapped(ProtoUse use) => use.Wrapped switch
    {
        ProtoType.Bool => Value.Of(false),
        ProtoType.String or ProtoType.Bytes => Text(use, ""),
        _ => Number(use, "0"),
    };

    private static Value Text(ProtoUse use, string text) =>
        use.Wanted == ValueKind.String ? Value.Text(text) : Value.Null;

    private static Value Number(ProtoUse use, string text)
    {
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer);
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real);
        return use.Wanted switch
        {
            ValueKind.Int64 => Value.Of(integer),
            ValueKind.Timestamp => Value.Timestamp(integer),
            _ => Value.Of(real),
        };
    }

    private static Value Symbol(ProtoUse use, string? declared)
    {
        foreach ((int number, byte[] name) in use.Names ?? new Dictionary<int, byte[]>())
        {
            // Without a declared default it is the first value; a dictionary that only grew keeps its order.
            if (declared is null || System.Text.Encoding.UTF8.GetString(name) == declared)
            {
                return use.Wanted == ValueKind.Int64 ? Value.Of((long)number) : Value.Text(name, 0, name.Length);
            }
        }

        return Value.Null;
    }
}
