using System.Globalization;
using System.Text.Unicode;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>What a field has that is absent from a payload.</summary>
internal static class ProtoDefaults
{
    /// <summary>The default of a field: what its declaration says, else that of its type; null for messages.</summary>
    /// <param name="use">How the field is read.</param>
    /// <param name="declared">The declared default; null: none.</param>
    internal static ProtoDefault Of(ProtoUse use, ProtoConstant? declared) => use.Type switch
    {
        ProtoType.Message or ProtoType.Timestamp or ProtoType.Duration or ProtoType.Wrapper => Good(use, Value.Null),
        _ => OfScalar(use, use.Type, declared),
    };

    /// <summary>The default of a scalar type, for a wrapper that is present and empty.</summary>
    internal static Value OfWrapped(ProtoUse use)
    {
        ProtoDefault empty = OfScalar(use, use.Wrapped, null);
        return empty.IsTime ? Value.Timestamp(empty.Value.Int64) : empty.Value;
    }

    private static ProtoDefault OfScalar(ProtoUse use, ProtoType type, ProtoConstant? declared) => type switch
    {
        ProtoType.Bool => Good(use, Value.Of(declared?.Text == "true")),
        ProtoType.String or ProtoType.Bytes => Text(use, declared?.Bytes),
        ProtoType.Enum => Symbol(use, declared?.Text),
        ProtoType.Double or ProtoType.Float => Real(use, type, declared),
        _ => Integer(use, declared),
    };

    private static ProtoDefault Text(ProtoUse use, byte[]? text)
    {
        if (use.Wanted == ValueKind.Timestamp)
        {
            return text is null ? Good(use, Value.Null)
                : Rfc3339.TryParse(text, out long milliseconds, out _) ? Good(use, Value.Timestamp(milliseconds))
                : Bad(use, DecodeError.BadTimestamp, System.Text.Encoding.UTF8.GetString(text));
        }

        byte[] bytes = text ?? [];
        return Utf8.IsValid(bytes)
            ? Good(use, Value.Text(bytes, 0, bytes.Length))
            : Bad(use, DecodeError.InvalidUtf8, System.Text.Encoding.UTF8.GetString(bytes));
    }

    private static ProtoDefault Symbol(ProtoUse use, string? declared)
    {
        if (use.Names?.NumberOf(declared) is not { } number || use.Names.Find(number) is not { } name)
        {
            return Good(use, Value.Null);
        }

        return Good(
            use, use.Wanted == ValueKind.Int64 ? Value.Of((long)number) : Value.Text(name, 0, name.Length));
    }

    private static ProtoDefault Real(ProtoUse use, ProtoType type, ProtoConstant? declared)
    {
        double value = 0;
        if (declared is not null && ProtoNumbers.TryDouble(declared.Text, out double read))
        {
            value = declared.IsNegative ? -read : read;
        }

        return Good(use, Value.Of(type == ProtoType.Float ? (float)value : value));
    }

    private static ProtoDefault Integer(ProtoUse use, ProtoConstant? declared)
    {
        ulong digits = 0;
        if (declared is not null && !ProtoNumbers.TryInteger(declared.Text, out digits))
        {
            return Bad(use, DecodeError.NumberOutOfRange, declared.Text);
        }

        bool isNegative = declared?.IsNegative == true;
        if (use.Wanted == ValueKind.Double)
        {
            return Good(use, Value.Of(isNegative ? -(double)digits : digits));
        }

        if (digits > (isNegative ? 1UL << 63 : long.MaxValue))
        {
            return Bad(use, DecodeError.NumberOutOfRange, digits.ToString(CultureInfo.InvariantCulture));
        }

        long value = isNegative ? -(long)digits : (long)digits;
        return new ProtoDefault(use.Slot, Value.Of(value), IsTime: use.Wanted == ValueKind.Timestamp);
    }

    private static ProtoDefault Good(ProtoUse use, in Value value) => new(use.Slot, value);

    private static ProtoDefault Bad(ProtoUse use, DecodeError error, string found) =>
        new(use.Slot, Value.Null, error, found);
}
