using ContextGrid.Runtime.Files;

namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>
/// A disk that keeps no more than POSIX promises: bytes survive the power only after a flush of their file, names only
/// after a sync of their directory, and what a failed flush should have kept is gone. Every operation may be the
/// process's last.
/// </summary>
/// <param name="clock">Gives operations their time.</param>
/// <param name="random">Decides.</param>
/// <param name="faults">What may go wrong; see <see cref="DiskFaults"/>.</param>
internal sealed class SimulatedDisk(SimulatedClock clock, Random random, DiskFaults faults) : IFileSystem
{
    private readonly DiskNames _names = new();
    private readonly HashSet<string> _locks = new(StringComparer.Ordinal);

    /// <summary>Whether there is no space left.</summary>
    public bool IsFull { get; set; }

    /// <summary>How long a flush takes at most.</summary>
    public TimeSpan FlushMax { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The files that processes see.</summary>
    public IReadOnlyDictionary<string, Inode> Files => _names.Files;

    /// <inheritdoc cref="DiskNames.DurableOf"/>
    public byte[]? DurableOf(string path) => _names.DurableOf(path);

    public IFile Open(string path, FileMode mode, FileAccess access)
    {
        bool exists = Files.TryGetValue(path, out Inode? inode);
        if (!exists && mode == FileMode.Open)
        {
            throw new FileNotFoundException($"There is no {path}.");
        }

        if (_names.Directories.Contains(path) || !_names.Directories.Contains(DiskNames.DirectoryOf(path)))
        {
            throw new DirectoryNotFoundException($"{path} can't be a file.");
        }

        faults.MayEnd();
        if (inode is null)
        {
            ThrowIfFull();
            inode = new Inode { LastWriteTime = clock.GetUtcNow().UtcDateTime };
            _names.Set(path, inode);
        }
        else if (mode == FileMode.Create)
        {
            inode.SetLength(0);
        }

        return new SimulatedFile(this, clock, random, faults, inode);
    }

    public IDisposable Lock(string path)
    {
        if (!_locks.Add(path))
        {
            throw new IOException($"{path} is locked.", 11);
        }

        if (!Files.ContainsKey(path))
        {
            _names.Set(path, new Inode());
        }

        return new HeldLock(() => _locks.Remove(path));
    }

    public bool FileExists(string path) => Files.ContainsKey(path);

    public bool DirectoryExists(string path) => _names.Directories.Contains(path.TrimEnd('/'));

    public IReadOnlyList<(string Path, long Bytes)> ListFiles(string directory, SearchOption depth) =>
    [
        .. Files.Where(f => f.Key.StartsWith(directory.TrimEnd('/') + "/", StringComparison.Ordinal)
                && (depth == SearchOption.AllDirectories || DiskNames.DirectoryOf(f.Key) == directory.TrimEnd('/')))
            .Select(f => (f.Key, f.Value.Length)),
    ];

    public IReadOnlyList<string> ListDirectories(string directory) =>
        [.. _names.Directories.Where(d => d != "/" && DiskNames.DirectoryOf(d) == directory)];

    public void CreateDirectory(string path)
    {
        faults.MayEnd();
        _names.Directories.Add(path);
    }

    public void SyncDirectory(string path)
    {
        faults.MayEnd();
        if (faults.Happens(faults.FlushFails))
        {
            faults.MayEnd(afterFailure: true);
            throw new IOException($"{path}: input/output error", 5);
        }

        _names.Sync(path);
        faults.MayEnd();
    }

    public void Delete(string path)
    {
        faults.MayEnd();
        if (faults.Happens(faults.DeleteFails))
        {
            throw new IOException($"{path}: input/output error", 5);
        }

        if (Files.ContainsKey(path))
        {
            _names.Set(path, null);
        }
    }

    public void Move(string path, string name)
    {
        faults.MayEnd();
        Inode moved = Files.GetValueOrDefault(path) ?? throw new FileNotFoundException($"There is no {path}.");
        _names.Set(name, moved);
        _names.Set(path, null);
    }

    public void MoveDirectory(string path, string name) =>
        throw new NotSupportedException("No simulated host puts checkpoints aside.");

    public bool TryLink(string existing, string name)
    {
        faults.MayEnd();
        if (Files.ContainsKey(name))
        {
            return false;
        }

        ThrowIfFull();
        _names.Set(name, Files[existing]);
        faults.MayEnd();
        return true;
    }

    /// <summary>The process ended: its locks are free, and the files stay as they are seen.</summary>
    public void EndProcess() => _locks.Clear();

    /// <summary>The machine lost its power.</summary>
    public void LosePower()
    {
        EndProcess();
        _names.LosePower(random);
        foreach (Inode inode in Files.Values.Distinct())
        {
            inode.LosePower(random);
        }
    }

    /// <exception cref="IOException">No space is left.</exception>
    internal void ThrowIfFull()
    {
        if (IsFull)
        {
            throw new IOException("No space left on device", 28);
        }
    }

    private sealed class HeldLock(Action free) : IDisposable
    {
        public void Dispose() => free();
    }
}
