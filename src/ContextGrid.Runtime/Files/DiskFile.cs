using Microsoft.Win32.SafeHandles;

namespace ContextGrid.Runtime.Files;

/// <summary>A file on the disk. The handle counts who uses it, so that disposing beside a read is safe.</summary>
/// <param name="handle">The open file; owned.</param>
internal sealed class DiskFile(SafeFileHandle handle) : IFile
{
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
    public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

    /// <inheritdoc/>
    public void SetLength(long bytes) => RandomAccess.SetLength(handle, bytes);

    /// <inheritdoc/>
    public void Flush() => RandomAccess.FlushToDisk(handle);

    /// <inheritdoc/>
    public ValueTask FlushAsync() => new(Task.Run(Flush));

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();
}
