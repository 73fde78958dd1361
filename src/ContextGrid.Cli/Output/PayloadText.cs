using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ContextGrid.Cli.Output;

/// <summary>Bytes for people: JSON over several lines, else text, else hexadecimal. Nothing in them can steer the
/// terminal.</summary>
public static class PayloadText
{
    private const int HexColumns = 16;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Bytes on one line.</summary>
    public static string OneLine(ReadOnlySpan<byte> bytes) =>
        TryText(bytes) is { } text ? Units.Printable(text) : "0x" + Convert.ToHexStringLower(bytes);

    /// <summary>A payload over as many lines as it takes.</summary>
    public static string Pretty(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return "(empty)";
        if (TryText(bytes) is not { } text)
            return Hex(bytes);
        try
        {
            using var json = JsonDocument.Parse(text);
            var pretty = JsonSerializer.Serialize(json.RootElement, Indented);
            return string.Join('\n', pretty.Split('\n').Select(Units.Printable));
        }
        catch (JsonException)
        {
            return Units.Printable(text);
        }
    }

    private static string? TryText(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    // Such as "00000010  66 6f 6f  foo".
    private static string Hex(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        for (var at = 0; at < bytes.Length; at += HexColumns)
        {
            var row = bytes[at..Math.Min(bytes.Length, at + HexColumns)];
            text.Append(at == 0 ? "" : "\n").Append(CultureInfo.InvariantCulture, $"{at:x8} ");
            foreach (var b in row)
                text.Append(CultureInfo.InvariantCulture, $" {b:x2}");
            text.Append(' ', 3 * (HexColumns - row.Length) + 2);
            foreach (var b in row)
                text.Append(b is >= 0x20 and < 0x7f ? (char)b : '.');
        }

        return text.ToString();
    }
}
