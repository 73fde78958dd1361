namespace ContextGrid.Simulation.Tests.World;

/// <summary>Changes bits of files, and brings them back from a copy.</summary>
internal sealed class FileDamage(SimulatedWorld world, Random random)
{
    private const int SealAt = 12; // In a manifest, behind magic number and version.

    private readonly HashSet<string> _seals = [];

    /// <summary>Files of which a bit was changed, with what changes it back.</summary>
    public List<(string Path, Action Restore)> Files { get; } = [];

    /// <summary>The checkpoint that a start would read first, if it is damaged. The seal of an owner that owns nothing
    /// any more is not read.</summary>
    public string? DamagedManifest =>
        NewestManifest is { } path && world.Disk.Files[path].IsDamaged && !_seals.Contains(path) ? path : null;

    private string? NewestManifest => world.Disk.Files.Keys
        .Where(f => f.Contains("/manifests/", StringComparison.Ordinal)).Max(StringComparer.Ordinal);

    /// <summary>Changes a bit of a file that nobody writes, if there is one.</summary>
    public void Flip()
    {
        string[] logs = [.. world.Disk.Files.Keys.Where(IsClosedLog)];
        if (logs.Length == 0 || random.Next(2) == 0)
        {
            FlipBlob();
        }
        else
        {
            Flip(logs[random.Next(logs.Length)]);
        }
    }

    /// <summary>Changes a bit of a checkpoint's file: mostly of the newest manifest, since the older ones are not read
    /// while it is whole.</summary>
    public void FlipBlob()
    {
        string[] blobs =
        [
            .. world.Disk.Files.Keys.Where(f => f.Contains("/checkpoints/segments/") || f.Contains("/manifests/")),
        ];
        if (NewestManifest is { } newest && random.Next(4) > 0)
        {
            Flip(newest);
        }
        else if (blobs.Length > 0)
        {
            Flip(blobs[random.Next(blobs.Length)]);
        }
    }

    private void Flip(string path)
    {
        if (world.Disk.Files[path] is { HasPending: false, Length: > 0 } inode)
        {
            (long offset, int bit) = (random.NextInt64(inode.Length), random.Next(8));
            if (path.Contains("/manifests/", StringComparison.Ordinal) && !inode.IsDamaged
                && inode.Seen.ElementAtOrDefault(SealAt) == 1)
            {
                _seals.Add(path);
            }

            inode.Flip(offset, bit);
            Files.Add((path, () => inode.Restore(offset, bit)));
            world.Trace.Note($"bit {bit} of byte {offset} of {path} changes");
        }
    }

    // A later segment that a start would remove again proves nothing: only one whose first records are durable does.
    private bool IsClosedLog(string path) => path.EndsWith(".log", StringComparison.Ordinal)
        && world.Disk.Files.Any(other => other.Key.EndsWith(".log", StringComparison.Ordinal)
            && Path.GetDirectoryName(other.Key) == Path.GetDirectoryName(path)
            && string.CompareOrdinal(other.Key, path) > 0 && other.Value.Durable.Length > 64);

    /// <summary>Brings damaged files back from a copy.</summary>
    public void Restore()
    {
        foreach ((string path, Action restore) in Files)
        {
            world.Trace.Note($"{path} is restored from a copy");
            restore();
        }

        Files.Clear();
    }
}
