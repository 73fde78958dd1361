using ContextGrid.Runtime.Embedded;
using Microsoft.Win32.SafeHandles;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Keeps each blob as a file below one directory. A put writes a file aside, syncs it, gives it its name in one step
/// and syncs the directory; so a reader sees the old content or the new, also after a crash.
/// </summary>
/// <remarks>
/// Thread-safe, and safe between processes: put-if-absent is a hard link, which fails when the name exists; other puts
/// and deletes hold the lock file. A name cannot be both a blob and the folder of another (<c>a</c> and <c>a/b</c>).
/// When the sync of a directory fails, nobody knows what survives a crash; the store then refuses everything until
/// opened again.
/// </remarks>
public sealed class DirectorySnapshotStore : ISnapshotStore
{
    // Blob names have no underscore, so that these two never meet one.
    private const string AsideFolder = "_aside";
    private const string LockFile = "_lock";

    private readonly string _root;
    private readonly DirectoryWriter _writer;

    private DirectorySnapshotStore(string root, TimeProvider time)
    {
        _root = root;
        _writer = new DirectoryWriter(root, Path.Combine(root, AsideFolder), Path.Combine(root, LockFile), time);
    }

    /// <summary>Opens a directory, creates it when it is missing, and removes what unfinished puts have left.</summary>
    /// <param name="path">The directory; used for nothing else.</param>
    /// <param name="time">The clock for versions.</param>
    /// <exception cref="SnapshotStoreException">The directory can't be created or written.</exception>
    public static DirectorySnapshotStore Open(string path, TimeProvider time)
    {
        string root = Path.GetFullPath(path);
        try
        {
            string aside = Path.Combine(root, AsideFolder);
            DirectorySync.Create(aside);
            foreach (string leftover in Directory.EnumerateFiles(aside))
            {
                File.Delete(leftover);
            }

            // Writing is tried at once, so that a missing permission stops the start and not the first checkpoint.
            string probe = Path.Combine(aside, "probe");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            DurableDirectory.Sync(root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.Of(root, "opened", e);
        }

        return new DirectorySnapshotStore(root, time);
    }

    /// <inheritdoc/>
    public async ValueTask<PutResult> PutAsync(
        string name, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        try
        {
            // Writing and syncing block for as long as the disk takes: not on the caller's thread.
            return await Task.Run(
                () => _writer.PutAsync(path, content, condition, cancellationToken), cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.Of(path, "written", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<SnapshotBlob?> GetAsync(string name, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        try
        {
            using var file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            byte[] content = new byte[RandomAccess.GetLength(file)];
            int read = await ReadFullyAsync(file, content, 0, cancellationToken);
            string etag = DirectoryWriter.TagOf(File.GetLastWriteTimeUtc(file), content.AsSpan(0, read));
            return new SnapshotBlob(content.AsMemory(0, read), etag);
        }
        catch (Exception e) when (IsAbsence(e))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.Of(path, "read", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(
        string name, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        try
        {
            using var file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            return await ReadFullyAsync(file, buffer, offset, cancellationToken);
        }
        catch (Exception e) when (IsAbsence(e))
        {
            return -1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.Of(path, "read", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SnapshotBlobInfo>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        _writer.ThrowIfBroken();
        string folder = prefix[..(prefix.LastIndexOf('/') + 1)];
        string path = Path.Combine(_root, folder);
        var blobs = new List<SnapshotBlobInfo>();
        try
        {
            if (Directory.Exists(path))
            {
                foreach (FileInfo file in new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories))
                {
                    string name = Path.GetRelativePath(_root, file.FullName).Replace('\\', '/');
                    if (name.StartsWith(prefix, StringComparison.Ordinal)
                        && !name.Contains('_', StringComparison.Ordinal) && file.Exists)
                    {
                        blobs.Add(new SnapshotBlobInfo(name, file.Length));
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.Of(path, "listed", e);
        }

        blobs.Sort((x, y) => string.CompareOrdinal(x.Name, y.Name));
        return ValueTask.FromResult<IReadOnlyList<SnapshotBlobInfo>>(blobs);
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string name, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        try
        {
            await _writer.DeleteAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.Of(path, "deleted", e);
        }
    }

    private static bool IsAbsence(Exception e) => e is FileNotFoundException or DirectoryNotFoundException;

    private static async ValueTask<int> ReadFullyAsync(
        SafeFileHandle file, Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        int total = 0;
        while (total < buffer.Length)
        {
            int read = await RandomAccess.ReadAsync(file, buffer[total..], offset + total, cancellationToken);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    private string PathOf(string name)
    {
        _writer.ThrowIfBroken();
        BlobName.Check(name);
        return Path.Combine(_root, name);
    }
}
