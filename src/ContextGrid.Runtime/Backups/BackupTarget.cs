using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Backups;

/// <summary>
/// The directory of a backup while it is made: beside its later place, under a name that nobody takes for a backup, and
/// without the file <c>format</c>, so that no server starts on it. It gets its name when all of it is durable.
/// </summary>
internal sealed class BackupTarget
{
    private readonly IFileSystem _files;
    private readonly string _to;
    private readonly SortedSet<string> _directories = new(StringComparer.Ordinal);

    private BackupTarget(IFileSystem files, string to, string path) => (_files, _to, Root) = (files, to, path);

    /// <summary>Where the backup is while it is made.</summary>
    public string Root { get; }

    /// <summary>Checks the place and makes the directory.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="to">Where the backup goes: an absolute path whose parent exists, missing or empty.</param>
    /// <param name="data">The data directory.</param>
    /// <exception cref="BackupException">The place will not do.</exception>
    public static BackupTarget Make(IFileSystem files, string to, string data)
    {
        if (!Path.IsPathFullyQualified(to) || to.Contains('\0', StringComparison.Ordinal))
        {
            throw new BackupException(
                BackupError.Invalid, $"'{to}' is no absolute path. It is the server that writes the backup: name a "
                + "directory on its machine, such as /var/backups/contextgrid.");
        }

        to = Path.TrimEndingDirectorySeparator(Path.GetFullPath(to));
        string? parent = Path.GetDirectoryName(to);
        if (parent is null || !files.DirectoryExists(parent))
        {
            throw new BackupException(
                BackupError.Invalid, $"There is no directory {parent ?? to} to put the backup into. Make it first.");
        }

        string real = $"{RealPath(parent)}{Path.DirectorySeparatorChar}{Path.GetFileName(to)}"
            + Path.DirectorySeparatorChar;
        if (real.StartsWith(RealPath(data) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new BackupException(
                BackupError.Invalid, $"{to} is inside of the data directory {data}. Name a place outside of it.");
        }

        if (files.FileExists(to) || (files.DirectoryExists(to) && !IsEmpty(files, to)))
        {
            throw new BackupException(
                BackupError.Exists, $"{to} is there already and is not empty. Name a new or an empty directory.");
        }

        var target = new BackupTarget(files, to, $"{to}.partial-{Guid.NewGuid():N}");
        target.MakeDirectory("");
        return target;
    }

    /// <summary>Makes a directory in it, with its parents.</summary>
    /// <returns>Its path.</returns>
    public string MakeDirectory(string relative)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.Combine(Root, relative));
        if (_directories.Add(path))
        {
            if (path.Length > Root.Length)
            {
                MakeDirectory(Path.GetDirectoryName(relative) ?? "");
            }

            _files.CreateDirectory(path);
        }

        return path;
    }

    /// <summary>Makes all names durable and gives it its name.</summary>
    /// <exception cref="BackupException">Somebody has put something there meanwhile.</exception>
    public void Complete()
    {
        foreach (string directory in _directories.Reverse())
        {
            _files.SyncDirectory(directory);
        }

        try
        {
            if (Directory.Exists(_to))
            {
                Directory.Delete(_to);
            }

            _files.MoveDirectory(Root, _to);
        }
        catch (IOException e) when (Path.Exists(_to))
        {
            throw new BackupException(
                BackupError.Exists,
                $"Something was put to {_to} while the backup was made. Name another directory.",
                e);
        }

        _files.SyncDirectory(Path.GetDirectoryName(_to) ?? _to);
    }

    /// <summary>Removes what there is of it.</summary>
    public void Abandon()
    {
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Its name says that it is partial, and no server starts on it.
        }
    }

    private static bool IsEmpty(IFileSystem files, string path) =>
        files.ListFiles(path, SearchOption.TopDirectoryOnly).Count == 0 && files.ListDirectories(path).Count == 0;

    /// <summary>A path without symbolic links.</summary>
    private static string RealPath(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string? parent = Path.GetDirectoryName(full);
        if (parent is null)
        {
            return "";
        }

        string here = RealPath(parent) + Path.DirectorySeparatorChar + Path.GetFileName(full);
        FileSystemInfo? linked = Directory.ResolveLinkTarget(here, returnFinalTarget: true);
        return linked is null ? here : RealPath(linked.FullName);
    }
}
