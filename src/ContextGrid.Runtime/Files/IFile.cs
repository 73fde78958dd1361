namespace ContextGrid.Runtime.Files;

/// <summary>An open file. Thread-safe for different ranges; using it after it was disposed of throws
/// <see cref="ObjectDisposedException"/>.</summary>
internal interface IFile : IDisposable
{
    /// <summary>The file's size in bytes.</summary>
    long Length { get; }

    /// <summary>When it was last written; writers set it to tell versions apart.</summary>
    DateTime LastWriteTime { get; set; }

    /// <summary>Reads bytes; fewer than asked for at any time, none only at the end.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes bytes; all of them, or a failure after which any part may be there.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Cuts or extends the file.</summary>
    void SetLength(long bytes);

    /// <summary>
    /// Makes what was written durable. After a failure it is unknown what is, and flushing again does not tell.
    /// </summary>
    void Flush();

    /// <summary>Flushes without holding up the caller's thread, so that several files are flushed at once.</summary>
    ValueTask FlushAsync();
}
