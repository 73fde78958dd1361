using System.Buffers;
using System.Globalization;
using System.Text;

namespace ContextGrid.Core.Expressions;

/// <summary>String literals: double quotes, with the escapes <c>\" \\ \/ \n \r \t \uXXXX</c>.</summary>
internal static class TextLexer
{
    /// <summary>
    /// Reads the literal that starts at <paramref name="at"/> and moves behind it; null after an error.
    /// </summary>
    internal static Token? Scan(string text, ref int at, LanguageErrors errors)
    {
        int start = at++;
        var content = new StringBuilder();
        while (at < text.Length && text[at] != '"')
        {
            if (text[at] != '\\')
            {
                content.Append(text[at++]);
            }
            else if (!Escape(text, ref at, content))
            {
                errors.Syntax(at, "an unknown escape in a text; known are \\\" \\\\ \\/ \\n \\r \\t \\uXXXX");
                return null;
            }
        }

        if (at >= text.Length)
        {
            errors.Syntax(start, "a text has no end; add the closing \"");
            return null;
        }

        at++;
        if (!IsWellFormed(content))
        {
            errors.Syntax(start, "a text holds half of a surrogate pair; write both halves or neither");
            return null;
        }

        return new Token(TokenKind.Text, content.ToString(), start);
    }

    /// <summary>The literal for a text.</summary>
    internal static string Print(string text)
    {
        var literal = new StringBuilder("\"");
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => literal.Append("\\\""),
                '\\' => literal.Append("\\\\"),
                '\n' => literal.Append("\\n"),
                '\r' => literal.Append("\\r"),
                '\t' => literal.Append("\\t"),
                _ when char.IsControl(c) => literal.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => literal.Append(c),
            };
        }

        return literal.Append('"').ToString();
    }

    private static bool Escape(string text, ref int at, StringBuilder content)
    {
        char kind = at + 1 < text.Length ? text[at + 1] : '\0';
        if (kind == 'u')
        {
            if (at + 6 > text.Length
                || !ushort.TryParse(text.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, null, out ushort unit))
            {
                return false;
            }

            content.Append((char)unit);
            at += 6;
            return true;
        }

        int index = "\"\\/nrt".IndexOf(kind, StringComparison.Ordinal);
        if (index < 0)
        {
            return false;
        }

        content.Append("\"\\/\n\r\t"[index]);
        at += 2;
        return true;
    }

    private static bool IsWellFormed(StringBuilder content)
    {
        ReadOnlySpan<char> rest = content.ToString();
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out int consumed) != OperationStatus.Done)
            {
                return false;
            }

            rest = rest[consumed..];
        }

        return true;
    }
}
