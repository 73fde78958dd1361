using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// Checks a data directory that no server has open, byte by byte: format, log, checkpoints, and how they fit; or the
/// directory where silos of a cluster have their state. It reads
/// only, unless a repair is asked for; see <see cref="AsideMover"/>. Files are read once from front to back, through
/// buffers whose size does not depend on theirs.
/// </summary>
public static class DataVerifier
{
    /// <summary>Checks a directory.</summary>
    /// <param name="options">Which, and how.</param>
    /// <param name="time">The clock.</param>
    /// <param name="sink">Receives each finding as it comes; called by one thread at a time.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="VerifyException">It can't be checked, is in use, or could not be repaired.</exception>
    public static async Task<VerifySummary> RunAsync(
        VerifyOptions options, TimeProvider time, Action<Finding> sink, CancellationToken cancellationToken)
    {
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Directory));
        CheckIsData(root);
        long started = time.GetTimestamp();
        string checkpoints = ClusterVerifier.IsState(root) ? root : Path.Combine(root, "checkpoints");
        bool isCluster = ClusterVerifier.IsState(checkpoints);
        if (isCluster && options.Repair)
        {
            throw new VerifyException(
                $"{checkpoints} has the state of a cluster, of which nothing may be moved: restore a backup of it, or "
                + "start all silos with an empty store.", isWrongUse: true);
        }

        using DirectoryHold hold = DirectoryHold.Take(root, alone: options.Repair);
        var report = new VerifyReport(root, sink);
        try
        {
            VerifySummary summary = isCluster
                ? await VerifyClusterAsync(report, checkpoints, options, cancellationToken)
                : await VerifyAsync(report, checkpoints, options, time, cancellationToken);
            return summary with
            {
                Infos = report.Count(FindingSeverity.Info),
                Warnings = report.Count(FindingSeverity.Warning),
                Errors = report.Count(FindingSeverity.Error),
                Bytes = report.Bytes,
                Elapsed = time.GetElapsedTime(started),
            };
        }
        catch (Exception e) when (e is SnapshotStoreException or IOException or UnauthorizedAccessException)
        {
            throw new VerifyException($"{root} can't be read: {e.Message}", isWrongUse: false, e);
        }
    }

    private static async Task<VerifySummary> VerifyAsync(
        VerifyReport report,
        string checkpoints,
        VerifyOptions options,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        new RootVerifier(report).Verify();
        IReadOnlyList<PartitionState> partitions =
            new LogVerifier(report, Path.Combine(report.Root, "log")).Verify(cancellationToken);
        var snapshots = new SnapshotVerifier(options.Definitions, partitions);
        await ForgetChangedTypesAsync(checkpoints, options, snapshots, cancellationToken);
        CheckpointsState state = await new CheckpointsVerifier(report, checkpoints, snapshots)
            .VerifyAsync(cancellationToken);
        string next = new RecoveryVerifier(report, checkpoints, state, partitions)
            .Verify(options.Definitions, options.Repair);
        var giveUp = new GiveUpPlan(report, partitions, state);
        ImmutableArray<string> moved = options.Repair ? [.. report.Aside, .. giveUp.Paths(options.GiveUp)] : [];
        string? aside = new AsideMover(report.Root, time).Move(moved);
        return new VerifySummary { NextStart = next, AsideDirectory = aside, Moved = moved };
    }

    // The events are elsewhere, or, of a cluster of one, in the same directory.
    private static async Task<VerifySummary> VerifyClusterAsync(
        VerifyReport report, string state, VerifyOptions options, CancellationToken cancellationToken)
    {
        if (state != report.Root)
        {
            new RootVerifier(report).Verify();
            new LogVerifier(report, Path.Combine(report.Root, "log")).Verify(cancellationToken);
        }

        string next = await new ClusterVerifier(report, state).VerifyAsync(options.Definitions, cancellationToken);
        return new VerifySummary { NextStart = next };
    }

    private static void CheckIsData(string root)
    {
        if (!Directory.Exists(root))
        {
            throw new VerifyException($"There is no directory {root}.", isWrongUse: true);
        }

        string[] ours = ["format", "log", "checkpoints"];
        if (!ClusterVerifier.IsState(root) && !ours.Any(name => Path.Exists(Path.Combine(root, name))))
        {
            throw new VerifyException(
                $"{root} is neither a data directory of ContextGrid nor the state of a cluster.", isWrongUse: true);
        }
    }

    private static async ValueTask ForgetChangedTypesAsync(
        string checkpoints, VerifyOptions options, SnapshotVerifier snapshots, CancellationToken cancellationToken)
    {
        if (options.Definitions is null)
        {
            return;
        }

        var store = new ReadOnlySnapshotStore(checkpoints);
        foreach (SnapshotBlobInfo blob in await store.ListAsync(CheckpointManifest.Prefix, cancellationToken))
        {
            if (await store.GetAsync(blob.Name, cancellationToken) is not { } content)
            {
                continue;
            }

            try
            {
                CheckpointManifest manifest = ManifestCodec.Decode(blob.Name, content.Content.Span);
                foreach (string type in RecoveryVerifier.ChangedTypes(manifest, options.Definitions))
                {
                    snapshots.Forget(type);
                }
            }
            catch (CheckpointCorruptException)
            {
                // The check of the checkpoints reports it.
            }
        }
    }
}
