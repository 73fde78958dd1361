using System.Globalization;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>The writing half of a <see cref="DirectorySnapshotStore"/>: one write at a time.</summary>
/// <param name="files">Where the directory is.</param>
/// <param name="root">The store's directory.</param>
/// <param name="aside">Where files are written before they have their name.</param>
/// <param name="lockFile">What other processes are kept out by.</param>
/// <param name="time">The clock for versions.</param>
internal sealed class DirectoryWriter(
    IFileSystem files, string root, string aside, string lockFile, TimeProvider time)
{
    private readonly SemaphoreSlim _turn = new(1);
    private long _versionTicks;
    private string? _broken;

    /// <summary>An ETag: the version, which each write raises, and the content.</summary>
    public static string TagOf(DateTime version, ReadOnlySpan<byte> content) =>
        string.Create(
            CultureInfo.InvariantCulture, $"{version.Ticks:x}-{content.Length:x}-{StableHash.Of(content):x16}");

    /// <summary>Puts a file in one step; see <see cref="ISnapshotStore.PutAsync"/>.</summary>
    public async Task<PutResult> PutAsync(
        string path, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(CancellationToken.None);

        // Process ids are no unique names: two stores of one process, or two containers, may write here.
        string written = Path.Combine(aside, Guid.NewGuid().ToString("N"));
        try
        {
            DateTime version = NextVersion(path);
            await WriteAsideAsync(written, content, version);
            files.CreateDurableDirectory(FolderOf(path));
            bool named = condition.IfAbsent
                ? condition.IfMatch is null && files.TryLink(written, path)
                : await ReplaceAsync(written, path, condition.IfMatch, cancellationToken);
            if (!named)
            {
                return new PutResult(PutOutcome.Conflict, null);
            }

            return TrySync(path)
                ? new PutResult(PutOutcome.Done, TagOf(version, content.Span))
                : new PutResult(PutOutcome.Unknown, null);
        }
        finally
        {
            Forget(written);
            _turn.Release();
        }
    }

    /// <summary>Deletes a file; without effect when there is none.</summary>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            using IDisposable held = await TakeLockAsync(cancellationToken);
            files.Delete(path);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Refuses everything but reads of parts after a failed sync of a directory.</summary>
    /// <exception cref="SnapshotStoreException">A sync has failed before.</exception>
    public void ThrowIfBroken()
    {
        if (_broken is not null)
        {
            throw new SnapshotStoreException(_broken);
        }
    }

    private async ValueTask WriteAsideAsync(string path, ReadOnlyMemory<byte> content, DateTime version)
    {
        using IFile file = files.Open(path, FileMode.Create, FileAccess.Write);
        file.Write(content.Span, 0);
        file.LastWriteTime = version;
        await file.FlushAsync();
    }

    private void Forget(string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next opening removes it.
        }
    }

    private async ValueTask<bool> ReplaceAsync(
        string written, string path, string? ifMatch, CancellationToken cancellationToken)
    {
        using IDisposable held = await TakeLockAsync(cancellationToken);
        if (ifMatch is not null && (!files.FileExists(path) || TagOf(path) != ifMatch))
        {
            return false;
        }

        files.Move(written, path);
        return true;
    }

    /// <summary>The file's time serves as its version: later than the file's before and than any given out
    /// here.</summary>
    private DateTime NextVersion(string path)
    {
        long before = files.FileExists(path) ? VersionOf(path) : 0;
        _versionTicks = Math.Max(Math.Max(_versionTicks, before) + 1, time.GetUtcNow().UtcTicks);
        return new DateTime(_versionTicks, DateTimeKind.Utc);
    }

    private async ValueTask<IDisposable> TakeLockAsync(CancellationToken cancellationToken)
    {
        // Another process holds it for milliseconds; ten seconds mean that it hangs.
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return files.Lock(lockFile);
            }
            catch (IOException) when (attempt < 1000)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), time, cancellationToken);
            }
        }
    }

    private string TagOf(string path)
    {
        using IFile file = files.Open(path, FileMode.Open, FileAccess.Read);
        byte[] content = new byte[file.Length];
        return TagOf(file.LastWriteTime, content.AsSpan(0, file.ReadFully(content, 0)));
    }

    private long VersionOf(string path)
    {
        using IFile file = files.Open(path, FileMode.Open, FileAccess.Read);
        return file.LastWriteTime.Ticks;
    }

    private string FolderOf(string path) => Path.GetDirectoryName(path) ?? root;

    private bool TrySync(string path)
    {
        try
        {
            files.SyncDirectory(FolderOf(path));
            return true;
        }
        catch (IOException e)
        {
            _broken = $"The directory of {path} could not be synced ({e.Message}), so that nobody knows what survives "
                + "a crash. Check the disk and start again.";
            return false;
        }
    }
}
