using System.Text.Unicode;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>Turns a text that stands for a value into it: headers of records, attributes of CloudEvents.</summary>
internal static class TextValue
{
    /// <summary>Reads a text: a number and a bool as JSON has them, a timestamp in RFC 3339 or epoch
    /// milliseconds, or in the field's own unit.</summary>
    /// <param name="buffer">Holds the text; a String points into it.</param>
    /// <param name="start">Where the text starts.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="field">What is meant: of any type but a list.</param>
    /// <param name="value">The value.</param>
    /// <param name="error">What is wrong.</param>
    /// <param name="hint">What exactly.</param>
    internal static bool TryRead(
        byte[] buffer, int start, int length, FieldDefinition field, out Value value, out DecodeError error,
        out DecodeHint hint)
    {
        ReadOnlySpan<byte> text = buffer.AsSpan(start, length);
        value = default;
        hint = DecodeHint.None;
        error = DecodeError.WrongType;
        if (!Utf8.IsValid(text))
        {
            error = DecodeError.InvalidUtf8;
            return false;
        }

        switch (field.Type)
        {
            case ValueKind.String:
                value = Value.Text(buffer, start, length);
                return true;
            case ValueKind.Bool:
                value = Value.Of(text.SequenceEqual("true"u8));
                return value.Bool || text.SequenceEqual("false"u8);
            case ValueKind.Timestamp when text.IsEmpty || !IsNumber(text, out _):
                error = DecodeError.BadTimestamp;
                bool isTime = Rfc3339.TryParse(text, out long timeMs, out hint);
                value = isTime ? Value.Timestamp(timeMs) : default;
                return isTime;
        }

        return IsNumber(text, out JsonNumber number) && TryRead(number, text, field, ref value, ref error, ref hint);
    }

    private static bool TryRead(
        in JsonNumber number, ReadOnlySpan<byte> text, FieldDefinition field, ref Value value, ref DecodeError error,
        ref DecodeHint hint)
    {
        switch (field.Type)
        {
            case ValueKind.Int64:
                bool fits = number.TryToInt64(out long integer);
                value = fits ? Value.Of(integer) : default;
                hint = number.IsWhole ? DecodeHint.None : DecodeHint.Fraction;
                error = number.IsWhole ? DecodeError.NumberOutOfRange : DecodeError.WrongType;
                return fits;
            case ValueKind.Double:
                bool finite = number.TryToDouble(text, out double real);
                value = finite ? Value.Of(real) : default;
                error = DecodeError.NumberOutOfRange;
                return finite;
            case ValueKind.Timestamp:
                bool good = number.TryToTime(field.Unit, out long timeMs, out hint);
                value = good ? Value.Timestamp(timeMs) : default;
                error = DecodeError.BadTimestamp;
                return good;
            default:
                return false;
        }
    }

    private static bool IsNumber(ReadOnlySpan<byte> text, out JsonNumber number)
    {
        var cursor = new JsonCursor(text);
        number = default;
        return !text.IsEmpty && text[0] is (byte)'-' or (>= (byte)'0' and <= (byte)'9')
            && JsonNumber.TryRead(ref cursor, out number) && cursor.At == text.Length;
    }
}
