using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Files;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Backups;

/// <summary>
/// Makes consistent copies of a data directory while its host runs. Thread-safe; one backup at a time.
/// </summary>
/// <remarks>
/// <para>The path of a backup: 1 a checkpoint is made; 2 its segments are kept from garbage collection; 3 what of the
/// log is durable is noted, which is after the checkpoint's positions and after every event that an entity in it
/// reflects; 4 log and checkpoint are copied, under another name; 5 everything is made durable; 6 it gets its name.
/// </para>
/// <para>Failure policy: whatever fails, nothing stands under the backup's name, and the host goes on.</para>
/// </remarks>
public sealed partial class GridBackup
{
    /// <summary>How fast a backup copies by default: a fraction of what a disk of today can do.</summary>
    public const long BytesPerSecondDefault = 100_000_000;

    // A backup must not take the last bytes that the log needs.
    private const long SpareBytes = 64 << 20;

    private readonly HostStores _stores;
    private readonly Func<CancellationToken, Task> _checkpoint;
    private readonly BackupMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IFileSystem _files = DiskFileSystem.Instance;
    private int _running;

    internal GridBackup(
        HostStores stores, Func<CancellationToken, Task> checkpoint, BackupMetrics metrics, HostPlatform platform) =>
        (_stores, _checkpoint, _metrics, _time, _logger) = (
            stores, checkpoint, metrics, platform.Time, platform.Loggers.CreateLogger<GridBackup>());

    /// <summary>Makes a backup.</summary>
    /// <param name="to">An absolute path whose parent exists; missing, or an empty directory. Not inside of the data
    /// directory.</param>
    /// <param name="bytesPerSecond">How fast, at most; more than 0.</param>
    /// <param name="progress">Told now and then how far it is; called by one thread at a time.</param>
    /// <param name="cancellationToken">Ends it; nothing is left of it.</param>
    /// <exception cref="BackupException">There is no backup, and why.</exception>
    public async Task<BackupResult> RunAsync(
        string to, long bytesPerSecond, Action<BackupProgress> progress, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerSecond);
        if (Interlocked.Exchange(ref _running, 1) == 1)
        {
            throw new BackupException(BackupError.Busy, "Another backup is under way. Wait until it is done.");
        }

        try
        {
            // Files are read and written on a thread of its own, not on the caller's.
            BackupResult result = await Task.Run(
                () => MakeAsync(to, bytesPerSecond, progress, cancellationToken), cancellationToken);
            _metrics.CountDone(result.Bytes, result.Elapsed);
            LogDone(result.Directory, result.Bytes, result.Generation);
            return result;
        }
        catch (Exception e) when (BackupFailure.Of(to, e) is { } failure)
        {
            _metrics.CountFailed();
            if (failure.Error is not (BackupError.Invalid or BackupError.Exists))
            {
                // A place that will not do is the caller's affair; the rest the operator must hear of.
                LogFailed(failure.Message);
            }

            throw failure;
        }
        catch
        {
            _metrics.CountFailed();
            throw;
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    private async Task<BackupResult> MakeAsync(
        string to, long bytesPerSecond, Action<BackupProgress> progress, CancellationToken cancellationToken)
    {
        long started = _time.GetTimestamp();
        if (_stores is not { LogFiles: { } log, Directory: { } directory })
        {
            throw new BackupException(BackupError.Failed, "The log of this host is not in its data directory.");
        }

        BackupTarget target = BackupTarget.Make(_files, to, directory.FullPath);
        try
        {
            // Not cancelled: the host wants this checkpoint as much as the backup does.
            await _checkpoint(CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            using CheckpointPin pin = _stores.Checkpoints.Pin();
            LogCut[] cuts = [.. log.Partitions.Select(LogCut.Of)];
            long total = cuts.Sum(c => c.Bytes) + pin.Manifest.Segments.Sum(s => s.Bytes);
            CheckSpace(to, total);
            var copier = new FileCopier(_files, bytesPerSecond, total, progress, _time);
            await CopyCheckpointAsync(pin, target, copier, cancellationToken);
            ImmutableArray<BackupRange> ranges = await new LogBackup(_files, target, copier)
                .CopyAsync(log.Directory, cuts, cancellationToken);
            copier.Write(
                Path.Combine(target.Root, DataDirectory.FormatFile),
                _files.ReadAllBytes(Path.Combine(directory.FullPath, DataDirectory.FormatFile)));
            target.Complete();
            return new BackupResult(
                to, pin.Manifest.Generation, copier.Files, copier.Bytes, _time.GetElapsedTime(started), ranges);
        }
        catch
        {
            target.Abandon();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "Backup in {Directory}: {Bytes} bytes, checkpoint {Generation}")]
    private partial void LogDone(string directory, long bytes, long generation);

    [LoggerMessage(LogLevel.Error, "No backup: {Message}")]
    private partial void LogFailed(string message);

    private static async ValueTask CopyCheckpointAsync(
        CheckpointPin pin, BackupTarget target, FileCopier copier, CancellationToken cancellationToken)
    {
        target.MakeDirectory("checkpoints/segments");
        foreach (SegmentInfo segment in pin.Manifest.Segments.DistinctBy(s => s.Name))
        {
            target.MakeDirectory(Path.GetDirectoryName(Path.Combine("checkpoints", segment.Name)) ?? "");
            await copier.CopyAsync(
                (buffer, at) => pin.ReadAsync(segment, at, buffer, cancellationToken),
                Path.Combine(target.Root, "checkpoints", segment.Name),
                segment.Bytes,
                cancellationToken);
        }

        target.MakeDirectory(Path.GetDirectoryName(Path.Combine("checkpoints", pin.Manifest.BlobName)) ?? "");
        copier.Write(
            Path.Combine(target.Root, "checkpoints", pin.Manifest.BlobName), ManifestCodec.Encode(pin.Manifest));
        copier.Write(
            Path.Combine(target.Root, "checkpoints", Ownership.BlobName),
            OwnershipCodec.Encode(pin.Ownership, Guid.NewGuid()));
    }

    private static void CheckSpace(string to, long bytes)
    {
        long free = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(to)) ?? to).AvailableFreeSpace;
        if (free < bytes + SpareBytes)
        {
            throw new BackupException(
                BackupError.Full,
                $"There are {free} bytes free for {to}, and the backup needs {bytes} and {SpareBytes} to spare. "
                + "Free some space or choose another disk.");
        }
    }
}
