using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Keeps each blob as a file below one directory. A put writes a file aside, syncs it, gives it its name in one step
/// and syncs the directory; so a reader sees the old content or the new, also after a crash.
/// </summary>
/// <remarks>
/// Reads and writes hold up the caller's thread for as long as the disk takes. Thread-safe, and safe between processes:
/// put-if-absent is a hard link, which fails when the name exists; other puts and deletes hold the lock file. A
/// name cannot be both a blob and the folder of another (<c>a</c> and <c>a/b</c>). When the sync of a directory
/// fails, nobody knows what survives a crash; the store then refuses everything until opened again.
/// </remarks>
public sealed class DirectorySnapshotStore : ISnapshotStore
{
    // Blob names have no underscore, so that these two never meet one.
    private const string AsideFolder = "_aside";
    private const string LockFile = "_lock";

    // A put takes seconds at most: what is older belongs to nobody who still runs.
    private static readonly TimeSpan AsideMax = TimeSpan.FromHours(1);

    private readonly IFileSystem _files;
    private readonly string _root;
    private readonly DirectoryWriter _writer;

    private DirectorySnapshotStore(IFileSystem files, string root, TimeProvider time)
    {
        (_files, _root) = (files, root);
        _writer = new DirectoryWriter(
            files, root, Path.Combine(root, AsideFolder), Path.Combine(root, LockFile), time);
    }

    /// <summary>Opens a directory, creates it when it is missing, and removes what unfinished puts have left an hour
    /// ago or earlier: others may be writing here.</summary>
    /// <param name="path">The directory; used for nothing else.</param>
    /// <param name="time">The clock for versions.</param>
    /// <exception cref="SnapshotStoreException">The directory can't be created or written.</exception>
    public static DirectorySnapshotStore Open(string path, TimeProvider time) =>
        Open(DiskFileSystem.Instance, path, time);

    internal static DirectorySnapshotStore Open(IFileSystem files, string path, TimeProvider time)
    {
        string root = Path.GetFullPath(path);
        try
        {
            string aside = Path.Combine(root, AsideFolder);
            files.CreateDurableDirectory(aside);
            foreach ((string leftover, _) in files.ListFiles(aside, SearchOption.TopDirectoryOnly))
            {
                RemoveOld(files, leftover, time.GetUtcNow().UtcDateTime - AsideMax);
            }

            // Writing is tried at once, so that a missing permission stops the start and not the first checkpoint.
            string probe = Path.Combine(aside, "probe");
            files.Open(probe, FileMode.Create, FileAccess.Write).Dispose();
            files.Delete(probe);
            files.SyncDirectory(root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.Of(root, "opened", e);
        }

        return new DirectorySnapshotStore(files, root, time);
    }

    /// <inheritdoc/>
    public async ValueTask<PutResult> PutAsync(
        string name, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        try
        {
            return await _writer.PutAsync(path, content, condition, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.Of(path, "written", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<SnapshotBlob?> GetAsync(string name, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        try
        {
            using IFile file = _files.Open(path, FileMode.Open, FileAccess.Read);
            byte[] content = new byte[file.Length];
            int read = file.ReadFully(content, 0);
            string etag = DirectoryWriter.TagOf(file.LastWriteTime, content.AsSpan(0, read));
            return ValueTask.FromResult<SnapshotBlob?>(new SnapshotBlob(content.AsMemory(0, read), etag));
        }
        catch (Exception e) when (IsAbsence(e))
        {
            return ValueTask.FromResult<SnapshotBlob?>(null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.Of(path, "read", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(
        string name, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // Also after a failed sync: what a published manifest names can be read, and queries go on.
        BlobName.Check(name);
        string path = Path.Combine(_root, name);
        try
        {
            using IFile file = _files.Open(path, FileMode.Open, FileAccess.Read);
            return ValueTask.FromResult(file.ReadFully(buffer.Span, offset));
        }
        catch (Exception e) when (IsAbsence(e))
        {
            return ValueTask.FromResult(-1);
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
            if (_files.DirectoryExists(path))
            {
                foreach ((string file, long bytes) in _files.ListFiles(path, SearchOption.AllDirectories))
                {
                    string name = Path.GetRelativePath(_root, file).Replace('\\', '/');
                    if (name.StartsWith(prefix, StringComparison.Ordinal)
                        && !name.Contains('_', StringComparison.Ordinal))
                    {
                        blobs.Add(new SnapshotBlobInfo(name, bytes));
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

    private static void RemoveOld(IFileSystem files, string path, DateTime before)
    {
        try
        {
            using IFile file = files.Open(path, FileMode.Open, FileAccess.Read);
            if (file.LastWriteTime >= before)
            {
                return;
            }
        }
        catch (Exception e) when (IsAbsence(e))
        {
            return; // Its put has just ended.
        }

        files.Delete(path);
    }

    private static bool IsAbsence(Exception e) => e is FileNotFoundException or DirectoryNotFoundException;

    private string PathOf(string name)
    {
        _writer.ThrowIfBroken();
        BlobName.Check(name);
        return Path.Combine(_root, name);
    }
}
