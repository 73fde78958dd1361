using System.Buffers.Binary;
using System.Globalization;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Files;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// One file of a partition: a header of 32 bytes, then records. Header, little endian: 0 <c>CGLOGSEG</c>, 8 version 1
/// (uint32), 12 CRC-32C of bytes 0–11 and 16–31 (uint32), 16 base offset (int64), 24 when it was made, milliseconds
/// since the Unix epoch (int64).
/// </summary>
internal sealed class LogSegment : IDisposable
{
    /// <summary>The bytes before the first record.</summary>
    public const int HeaderBytes = 32;

    private readonly Lock _gate = new();
    private readonly IFileSystem _files;
    private IFile? _file;
    private SegmentIndex? _index;
    private long _durableBytes;
    private bool _disposed;

    private LogSegment(IFileSystem files, string path, long baseOffset, long createdMs, long durableBytes)
    {
        _files = files;
        LogPath = path;
        IndexPath = System.IO.Path.ChangeExtension(path, ".index");
        BaseOffset = baseOffset;
        CreatedMs = createdMs;
        _durableBytes = durableBytes;
    }

    /// <summary>The file of records.</summary>
    public string LogPath { get; }

    /// <summary>The file of the index.</summary>
    public string IndexPath { get; }

    /// <summary>The offset of the first record.</summary>
    public long BaseOffset { get; }

    /// <summary>When it was made; also the end of the time in which the segment before it was written.</summary>
    public long CreatedMs { get; }

    /// <summary>The bytes that readers may see. Set only after they are on the disk.</summary>
    public long DurableBytes
    {
        get => Volatile.Read(ref _durableBytes);
        set => Volatile.Write(ref _durableBytes, value);
    }

    /// <summary>The open file.</summary>
    /// <exception cref="ObjectDisposedException">Retention has taken the segment, or the log is closed.</exception>
    public IFile File
    {
        get
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return _file ??= _files.Open(LogPath, FileMode.Open, FileAccess.ReadWrite);
            }
        }
    }

    /// <summary>The index; of a closed segment it is loaded, or made anew, on first use.</summary>
    public SegmentIndex Index
    {
        get
        {
            lock (_gate)
            {
                return _index ??= SegmentScanner.LoadOrRebuild(_files, this);
            }
        }
    }

    /// <summary>The path of the segment that starts at an offset.</summary>
    public static string PathFor(string directory, long baseOffset) =>
        System.IO.Path.Combine(directory, baseOffset.ToString("D20", CultureInfo.InvariantCulture) + ".log");

    /// <summary>Makes an empty segment, durable with its name; one that can't be made leaves no file.</summary>
    public static LogSegment Create(IFileSystem files, string directory, long baseOffset, long nowMs)
    {
        string path = PathFor(directory, baseOffset);
        byte[] header = new byte[HeaderBytes];
        "CGLOGSEG"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), 1);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), baseOffset);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), nowMs);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), Checksum(header));
        var segment = new LogSegment(files, path, baseOffset, nowMs, HeaderBytes)
        {
            _index = new SegmentIndex(baseOffset),
        };
        try
        {
            using (IFile file = files.Open(path, FileMode.Create, FileAccess.Write))
            {
                file.Write(header, 0);
                file.Flush();
            }

            files.Delete(segment.IndexPath);
            files.SyncDirectory(directory);
            return segment;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            files.Delete(path);
            throw;
        }
    }

    /// <summary>Opens a segment whose whole file counts as durable.</summary>
    /// <returns>Null when the file is only the rest of a segment that was being made.</returns>
    /// <exception cref="EventLogException">The header is not one, or of a newer version.</exception>
    public static LogSegment? Open(IFileSystem files, string path)
    {
        using IFile file = files.Open(path, FileMode.Open, FileAccess.Read);
        byte[] header = new byte[HeaderBytes];
        int read = file.ReadFully(header, 0);
        long length = file.Length;
        bool intact = read == HeaderBytes && header.AsSpan().StartsWith("CGLOGSEG"u8)
            && BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(12)) == Checksum(header);
        if (!intact)
        {
            return length <= HeaderBytes ? null : throw new EventLogException(
                EventLogError.Corrupt, $"The first {HeaderBytes} bytes of {path} are damaged. Restore the file from a "
                + "copy, or move the partition's directory away to start it anew.");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8));
        if (version != 1)
        {
            throw new EventLogException(
                EventLogError.Corrupt, $"{path} has the format version {version}; this program reads version 1.");
        }

        return new LogSegment(
            files, path, BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)),
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(24)), length);
    }

    /// <summary>
    /// Writes what is new in the index. It can be made anew from the records, so a failure harms nothing and waits for
    /// the next time.
    /// </summary>
    /// <param name="flush">Whether to wait until it is on the disk.</param>
    public void TryPersistIndex(bool flush)
    {
        try
        {
            Index.Persist(_files, IndexPath, flush);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The entries stay in memory; see above.
        }
    }

    /// <summary>Gives the segment the index that the scan at start has made.</summary>
    public void UseIndex(SegmentIndex index)
    {
        lock (_gate)
        {
            _index = index;
        }
    }

    /// <summary>Closes the file and deletes it.</summary>
    public void Delete()
    {
        Dispose();
        _files.Delete(LogPath);
        _files.Delete(IndexPath);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _file?.Dispose();
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> header) =>
        Crc32C.Append(Crc32C.Compute(header[..12]), header[16..HeaderBytes]);
}
