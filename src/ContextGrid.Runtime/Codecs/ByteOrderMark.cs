namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Byte order marks. Everything is read as UTF-8; its mark at the start of a file, a body or a record is passed over,
/// as Windows tools write it there. The marks of other encodings are named, since what follows can't be read.
/// </summary>
public static class ByteOrderMark
{
    /// <summary>The most bytes of a mark.</summary>
    public const int BytesMax = 4;

    /// <summary>How many bytes the mark of UTF-8 takes at the start of a text: 3, or 0 where there is none.</summary>
    public static int LengthOf(ReadOnlySpan<byte> text) => text.StartsWith("\uFEFF"u8) ? 3 : 0;

    /// <summary>A text without its mark of UTF-8.</summary>
    public static ReadOnlyMemory<byte> Skip(ReadOnlyMemory<byte> text) => text[LengthOf(text.Span)..];

    /// <summary>The encoding that a text's first bytes say it has, such as "UTF-16 (little endian)"; null: none but
    /// UTF-8.</summary>
    public static string? ForeignEncoding(ReadOnlySpan<byte> text) => text switch
    {
        [0xFF, 0xFE, 0, 0, ..] => "UTF-32 (little endian)",
        [0, 0, 0xFE, 0xFF, ..] => "UTF-32 (big endian)",
        [0xFF, 0xFE, ..] => "UTF-16 (little endian)",
        [0xFE, 0xFF, ..] => "UTF-16 (big endian)",
        _ => null,
    };
}
