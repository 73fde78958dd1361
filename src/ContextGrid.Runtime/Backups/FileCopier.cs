using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Backups;

/// <summary>
/// Copies files so that the server beside it hardly notices: no faster than asked for, and flushed every few MiB, since
/// a large flush at the end would hold up those of the log. One caller at a time.
/// </summary>
/// <param name="files">The file system.</param>
/// <param name="bytesPerSecond">How fast, at most.</param>
/// <param name="bytesTotal">How much there is to copy.</param>
/// <param name="progress">Told after each piece.</param>
/// <param name="time">The clock.</param>
internal sealed class FileCopier(
    IFileSystem files, long bytesPerSecond, long bytesTotal, Action<BackupProgress> progress, TimeProvider time)
{
    private const int FlushBytes = 8 << 20;

    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly long _started = time.GetTimestamp();

    /// <summary>The bytes so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>The files so far.</summary>
    public int Files { get; private set; }

    /// <summary>Copies the beginning of a file and makes it durable; its name is the caller's to sync.</summary>
    /// <param name="from">The file.</param>
    /// <param name="to">The path of the copy, which does not exist.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <param name="cancellationToken">Ends it between two pieces.</param>
    /// <exception cref="EndOfStreamException">The file has fewer bytes.</exception>
    public ValueTask CopyAsync(IFile from, string to, long bytes, CancellationToken cancellationToken) => CopyAsync(
        (buffer, at) => ValueTask.FromResult(from.ReadFully(buffer.Span, at)), to, bytes, cancellationToken);

    /// <summary>Copies what a function reads, and makes it durable; its name is the caller's to sync.</summary>
    /// <param name="readAt">Fills a buffer from an offset on; returns the bytes read, fewer only at the end.</param>
    /// <param name="to">The path of the copy, which does not exist.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <param name="cancellationToken">Ends it between two pieces.</param>
    /// <exception cref="EndOfStreamException">There are fewer bytes.</exception>
    public async ValueTask CopyAsync(
        Func<Memory<byte>, long, ValueTask<int>> readAt, string to, long bytes, CancellationToken cancellationToken)
    {
        using IFile copy = files.Open(to, FileMode.CreateNew, FileAccess.Write);
        long unflushed = 0;
        for (long at = 0; at < bytes;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int piece = (int)Math.Min(_buffer.Length, bytes - at);
            if (await readAt(_buffer.AsMemory(0, piece), at) < piece)
            {
                throw new EndOfStreamException($"What is copied to {to} has fewer than {bytes} bytes.");
            }

            copy.Write(_buffer.AsSpan(0, piece), at);
            at += piece;
            unflushed += piece;
            if (unflushed >= FlushBytes)
            {
                copy.Flush();
                unflushed = 0;
            }

            Bytes += piece;
            progress(new BackupProgress(Bytes, Math.Max(bytesTotal, Bytes)));
            await HoldBackAsync(cancellationToken);
        }

        copy.Flush();
        Files++;
    }

    /// <summary>Writes a small file and makes it durable.</summary>
    public void Write(string to, ReadOnlySpan<byte> content)
    {
        using IFile copy = files.Open(to, FileMode.CreateNew, FileAccess.Write);
        copy.Write(content, 0);
        copy.Flush();
        Bytes += content.Length;
        Files++;
    }

    private async ValueTask HoldBackAsync(CancellationToken cancellationToken)
    {
        TimeSpan due = TimeSpan.FromSeconds((double)Bytes / bytesPerSecond);
        TimeSpan ahead = due - time.GetElapsedTime(_started);
        if (ahead > TimeSpan.FromMilliseconds(1))
        {
            await Task.Delay(ahead, time, cancellationToken);
        }
    }
}
