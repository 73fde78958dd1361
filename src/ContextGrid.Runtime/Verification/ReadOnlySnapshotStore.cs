using ContextGrid.Runtime.Checkpoints;
using Microsoft.Win32.SafeHandles;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// The blobs of a directory of checkpoints, for a reader that must change nothing: opening a
/// <see cref="DirectorySnapshotStore"/> tries out a write and removes leftovers. Thread-safe.
/// </summary>
/// <param name="root">The directory; it may be missing.</param>
internal sealed class ReadOnlySnapshotStore(string root) : ISnapshotStore
{
    /// <summary>Where a blob is.</summary>
    public string PathOf(string name) => Path.Combine(root, name);

    /// <inheritdoc/>
    public ValueTask<PutResult> PutAsync(
        string name, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken) =>
        throw IsReadOnly(name);

    /// <inheritdoc/>
    public async ValueTask<SnapshotBlob?> GetAsync(string name, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        try
        {
            return File.Exists(path)
                ? new SnapshotBlob(await File.ReadAllBytesAsync(path, cancellationToken), "")
                : null;
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
        string path = PathOf(name);
        if (!File.Exists(path))
        {
            return ValueTask.FromResult(-1);
        }

        try
        {
            using SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            int total = 0, read = 1;
            for (; total < buffer.Length && read > 0; total += read)
            {
                read = RandomAccess.Read(file, buffer.Span[total..], offset + total);
            }

            return ValueTask.FromResult(total);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.Of(path, "read", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SnapshotBlobInfo>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        var blobs = new List<SnapshotBlobInfo>();
        var folder = new DirectoryInfo(Path.Combine(root, prefix[..(prefix.LastIndexOf('/') + 1)]));
        if (folder.Exists)
        {
            foreach (FileInfo file in folder.EnumerateFiles("*", SearchOption.AllDirectories))
            {
                string name = Path.GetRelativePath(root, file.FullName).Replace('\\', '/');
                if (name.StartsWith(prefix, StringComparison.Ordinal) && !name.Contains('_', StringComparison.Ordinal))
                {
                    blobs.Add(new SnapshotBlobInfo(name, file.Length));
                }
            }
        }

        blobs.Sort((x, y) => string.CompareOrdinal(x.Name, y.Name));
        return ValueTask.FromResult<IReadOnlyList<SnapshotBlobInfo>>(blobs);
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string name, CancellationToken cancellationToken) => throw IsReadOnly(name);

    private static SnapshotStoreException IsReadOnly(string name) =>
        new($"{name} can't be changed: the checkpoints are open for reading only.");
}
