using Microsoft.Win32.SafeHandles;

namespace ContextGrid.Runtime.Files;

/// <summary>A file on the disk. The handle counts who uses it, so that disposing beside a read is safe.</summary>
/// <param name="handle">The open file; owned.</param>
internal sealed class DiskFile(SafeFileHandle handle) : IFile
{
    // A thread that the kernel copies for gives its core to nobody until the call is done. The collector needs all
    // cores, so one write of 64 MB held everything up for 70 ms.
    private const int WriteBytesMax = 256 * 1024;

    /// <inheritdoc/>
    public long Length => RandomAccess.GetLength(handle);

    /// <inheritdoc/>
    public DateTime LastWriteTime
    {
        get => File.GetLastWriteTimeUtc(handle);
        set => File.SetLastWriteTimeUtc(handle, value);
    }

    /// <inheritdoc/>
    public int Read(Span<byte> buffer, long offset) => RandomAccess.Read(handle, buffer, offset);

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        while (bytes.Length > WriteBytesMax)
        {
            RandomAccess.Write(handle, bytes[..WriteBytesMax], offset);
            bytes = bytes[WriteBytesMax..];
            offset += WriteBytesMax;
        }

        RandomAccess.Write(handle, bytes, offset);
    }

    /// <inheritdoc/>
    public void SetLength(long bytes) => RandomAccess.SetLength(handle, bytes);

    /// <inheritdoc/>
    public void Flush() => RandomAccess.FlushToDisk(handle);

    /// <inheritdoc/>
    public ValueTask FlushAsync() => new(Task.Run(Flush));

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();
}
