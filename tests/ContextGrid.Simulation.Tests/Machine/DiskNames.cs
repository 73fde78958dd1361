namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>The names on a disk: as processes see them, and as the platter has them since the last sync.</summary>
internal sealed class DiskNames
{
    private readonly Dictionary<string, Inode> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Inode> _durable = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Inode?>> _unsynced = new(StringComparer.Ordinal);
    private readonly HashSet<string> _durableDirectories = new(StringComparer.Ordinal) { "/" };

    /// <summary>The files that processes see.</summary>
    public IReadOnlyDictionary<string, Inode> Files => _names;

    /// <summary>The directories that processes see.</summary>
    public HashSet<string> Directories { get; } = new(StringComparer.Ordinal) { "/" };

    /// <summary>The bytes that a loss of power would leave of a file for sure; null: its name may be gone.</summary>
    public byte[]? DurableOf(string path) =>
        _unsynced.ContainsKey(path) ? null : _durable.GetValueOrDefault(path)?.Durable;

    /// <summary>The directory of a path.</summary>
    public static string DirectoryOf(string path) => Path.GetDirectoryName(path) ?? "/";

    /// <summary>Gives a file a name, or takes the name away; durable only after <see cref="Sync"/>.</summary>
    public void Set(string path, Inode? inode)
    {
        if (inode is null)
        {
            _names.Remove(path);
        }
        else
        {
            _names[path] = inode;
        }

        if (!_unsynced.TryGetValue(path, out List<Inode?>? history))
        {
            _unsynced[path] = history = [];
        }

        history.Add(inode);
    }

    /// <summary>Makes the names in a directory durable.</summary>
    public void Sync(string directory)
    {
        foreach (string name in _unsynced.Keys.Where(n => DirectoryOf(n) == directory).ToArray())
        {
            Keep(name, _names.GetValueOrDefault(name));
        }

        foreach (string inner in Directories.Where(d => DirectoryOf(d) == directory))
        {
            _durableDirectories.Add(inner);
        }
    }

    /// <summary>Of the names that were not synced, each is as it was at some moment since the last sync.</summary>
    public void LosePower(Random random)
    {
        foreach ((string name, List<Inode?> history) in _unsynced.ToArray())
        {
            int kept = random.Next(history.Count + 1);
            Keep(name, kept == 0 ? _durable.GetValueOrDefault(name) : history[kept - 1]);
        }

        Directories.RemoveWhere(d => !_durableDirectories.Contains(d) && random.Next(2) == 0);
        foreach (string name in _durable.Keys.Where(n => !Directories.Contains(DirectoryOf(n))).ToArray())
        {
            _durable.Remove(name);
        }

        _durableDirectories.UnionWith(Directories);
        _names.Clear();
        foreach ((string name, Inode inode) in _durable)
        {
            _names.Add(name, inode);
        }
    }

    private void Keep(string name, Inode? inode)
    {
        _unsynced.Remove(name);
        if (inode is null)
        {
            _durable.Remove(name);
        }
        else
        {
            _durable[name] = inode;
        }
    }
}
