using ContextGrid.Contracts.Compression;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Cli.Publishing;

/// <summary>
/// A file of lines that a command reads, plain or gzip, or stdin. Gzip is known by its first two bytes, and is taken
/// whole or not at all. A byte order mark of UTF-8 belongs to the file and not to its first line.
/// </summary>
public sealed class InputFile : IDisposable
{
    private const int BufferBytes = 1 << 17;

    private readonly Stream _raw;
    private readonly long _bytes;

    private InputFile(Stream raw, Stream content, long bytes) => (_raw, Content, _bytes) = (raw, content, bytes);

    /// <summary>The lines' bytes, decompressed. Reading throws InvalidDataException where gzip is damaged or ends too
    /// early; the message is a sentence that names the file.</summary>
    public Stream Content { get; }

    /// <summary>How much of the file is read, 0 to 1; null when its length is not known.</summary>
    public double? Fraction => _bytes > 0 ? Math.Min(1, _raw.Position / (double)_bytes) : null;

    /// <summary>Opens a file, or stdin for "-".</summary>
    /// <exception cref="CliException">There is no such file, it may not be read, or it is not UTF-8.</exception>
    /// <exception cref="InvalidDataException">It begins as gzip and is none.</exception>
    /// <param name="path">The file, or "-".</param>
    /// <param name="console">Has stdin.</param>
    /// <param name="option">The option that names the file, for messages.</param>
    public static InputFile Open(string path, CliConsole console, string option = "--file")
    {
        if (path == "-")
        {
            var input = console.OpenInput();
            return new InputFile(input, Text(input, "stdin"), 0);
        }

        FileStream file;
        try
        {
            file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferBytes, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(option, path, e);
        }

        try
        {
            return new InputFile(file, Text(file, $"'{path}'"), file.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw Unreadable(option, path, e);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        Content.Dispose();
        _raw.Dispose();
    }

    private static CliException Unreadable(string option, string path, Exception cause) =>
        new($"{option} '{path}' cannot be read: {cause.Message}");

    private static PeekStream Text(Stream raw, string what)
    {
        var packed = new PeekStream(raw);
        var text = packed.Peek(1) is [0x1F] && packed.Peek(2) is [0x1F, 0x8B]
            ? new PeekStream(new WholeGzipStream(packed, what))
            : packed;

        // A terminal gives a line at a time: more than a byte is looked at only where a mark may begin.
        var head = text.Peek(1) is [0xEF or 0xFE or 0xFF or 0] ? text.Peek(ByteOrderMark.BytesMax) : [];
        if (ByteOrderMark.ForeignEncoding(head) is { } encoding)
        {
            throw new CliException(
                $"{what} must be UTF-8; its byte order mark says that it is {encoding}. Convert it, as with iconv.");
        }

        text.Skip(ByteOrderMark.LengthOf(head));
        return text;
    }
}
