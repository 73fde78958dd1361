using System.Globalization;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>The writing half of a <see cref="DirectorySnapshotStore"/>: one write at a time.</summary>
/// <param name="root">The store's directory.</param>
/// <param name="aside">Where files are written before they have their name.</param>
/// <param name="lockFile">What other processes are kept out by.</param>
/// <param name="time">The clock for versions.</param>
internal sealed class DirectoryWriter(string root, string aside, string lockFile, TimeProvider time)
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
        await _turn.WaitAsync(cancellationToken);

        // Process ids are no unique names: two stores of one process, or two containers, may write here.
        string written = Path.Combine(aside, Guid.NewGuid().ToString("N"));
        try
        {
            DateTime version = NextVersion(path);
            await WriteAsideAsync(written, content, version, cancellationToken);
            DirectorySync.Create(FolderOf(path));
            bool named = condition.IfAbsent
                ? condition.IfMatch is null && HardLink.TryCreate(written, path)
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
        await _turn.WaitAsync(cancellationToken);
        try
        {
            using FileStream held = await TakeLockAsync(cancellationToken);
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // There is no such blob.
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Refuses everything after a failed sync of a directory.</summary>
    /// <exception cref="SnapshotStoreException">A sync has failed before.</exception>
    public void ThrowIfBroken()
    {
        if (_broken is not null)
        {
            throw new SnapshotStoreException(_broken);
        }
    }

    private static async Task WriteAsideAsync(
        string path, ReadOnlyMemory<byte> content, DateTime version, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None);
        await RandomAccess.WriteAsync(file, content, 0, cancellationToken);
        File.SetLastWriteTimeUtc(file, version);
        RandomAccess.FlushToDisk(file);
    }

    private static void Forget(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next opening removes it.
        }
    }

    private async ValueTask<bool> ReplaceAsync(
        string written, string path, string? ifMatch, CancellationToken cancellationToken)
    {
        using FileStream held = await TakeLockAsync(cancellationToken);
        if (ifMatch is not null
            && (!File.Exists(path) || TagOf(File.GetLastWriteTimeUtc(path), File.ReadAllBytes(path)) != ifMatch))
        {
            return false;
        }

        File.Move(written, path, overwrite: true);
        return true;
    }

    /// <summary>The file's time serves as its version: later than the file's before and than any given out
    /// here.</summary>
    private DateTime NextVersion(string path)
    {
        long before = File.Exists(path) ? File.GetLastWriteTimeUtc(path).Ticks : 0;
        _versionTicks = Math.Max(Math.Max(_versionTicks, before) + 1, time.GetUtcNow().UtcTicks);
        return new DateTime(_versionTicks, DateTimeKind.Utc);
    }

    private async ValueTask<FileStream> TakeLockAsync(CancellationToken cancellationToken)
    {
        // Another process holds it for milliseconds; ten seconds mean that it hangs.
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < 1000)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), time, cancellationToken);
            }
        }
    }

    private string FolderOf(string path) => Path.GetDirectoryName(path) ?? root;

    private bool TrySync(string path)
    {
        try
        {
            DurableDirectory.Sync(FolderOf(path));
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
