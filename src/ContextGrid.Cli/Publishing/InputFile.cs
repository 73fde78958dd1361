using System.IO.Compression;

namespace ContextGrid.Cli.Publishing;

/// <summary>The events' source: a file, plain or gzip, or stdin. Gzip is known by its first two bytes.</summary>
public sealed class InputFile : IDisposable
{
    private const int BufferBytes = 1 << 17;

    private readonly Stream _raw;
    private readonly long _bytes;

    private InputFile(Stream raw, Stream content, long bytes) => (_raw, Content, _bytes) = (raw, content, bytes);

    /// <summary>The events' bytes, decompressed.</summary>
    public Stream Content { get; }

    /// <summary>How much of the file is read, 0 to 1; null when its length is not known.</summary>
    public double? Fraction => _bytes > 0 ? Math.Min(1, _raw.Position / (double)_bytes) : null;

    /// <summary>Opens a file, or stdin for "-".</summary>
    /// <exception cref="CliException">There is no such file, or it may not be read.</exception>
    public static InputFile Open(string path, CliConsole console)
    {
        if (path == "-")
        {
            // Two bytes of lookahead need a buffer where the stream cannot seek.
            var input = new PeekStream(console.OpenInput());
            return new InputFile(input, Decompress(input, input.Peek()), 0);
        }

        try
        {
            var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferBytes, FileOptions.SequentialScan);
            var head = new byte[2];
            var read = file.ReadAtLeast(head, 2, throwOnEndOfStream: false);
            file.Position = 0;
            return new InputFile(file, Decompress(file, head.AsSpan(0, read)), file.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"--file '{path}' cannot be read: {e.Message}");
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        Content.Dispose();
        _raw.Dispose();
    }

    private static Stream Decompress(Stream stream, ReadOnlySpan<byte> head) =>
        head is [0x1f, 0x8b] ? new GZipStream(stream, CompressionMode.Decompress) : stream;
}
