using System.Text;

namespace ContextGrid.Runtime.Codecs;

/// <summary>Media types as they stand in headers, with or without parameters (RFC 9110, section 8.3.1).</summary>
internal static class MediaType
{
    /// <summary>Whether the type begins with letters, in any case.</summary>
    internal static bool StartsWith(ReadOnlySpan<byte> type, ReadOnlySpan<byte> prefix) =>
        type.Length >= prefix.Length && Ascii.EqualsIgnoreCase(type[..prefix.Length], prefix);

    /// <summary>Whether the content is JSON: <c>application/json</c>, <c>text/json</c>, or a type with the suffix
    /// <c>+json</c> (RFC 6839).</summary>
    internal static bool IsJson(ReadOnlySpan<byte> type)
    {
        int parameters = type.IndexOf((byte)';');
        ReadOnlySpan<byte> name = (parameters < 0 ? type : type[..parameters]).Trim(" \t"u8);
        return Ascii.EqualsIgnoreCase(name, "application/json"u8)
            || Ascii.EqualsIgnoreCase(name, "text/json"u8)
            || (name.Length > 5 && Ascii.EqualsIgnoreCase(name[^5..], "+json"u8));
    }
}
