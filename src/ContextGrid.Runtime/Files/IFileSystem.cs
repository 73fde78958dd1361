namespace ContextGrid.Runtime.Files;

/// <summary>
/// Port: the file system beneath log and checkpoints. In the product a disk; in tests a simulated one that loses,
/// tears and reorders what was not flushed.
/// </summary>
/// <remarks>
/// Contract. What was written survives a crash of the machine only after <see cref="IFile.Flush"/>, and a name only
/// after <see cref="SyncDirectory"/> of its directory. Failures are <see cref="IOException"/> (its
/// <c>HResult</c> is the errno) and <see cref="UnauthorizedAccessException"/>. All members are thread-safe.
/// </remarks>
internal interface IFileSystem
{
    /// <summary>Opens a file; others may read, write, rename and delete it meanwhile.</summary>
    /// <exception cref="FileNotFoundException"><paramref name="mode"/> wants a file that exists.</exception>
    IFile Open(string path, FileMode mode, FileAccess access);

    /// <summary>Takes a file for itself until disposed of or until the process ends.</summary>
    /// <exception cref="IOException">Somebody else has it.</exception>
    IDisposable Lock(string path);

    /// <summary>Whether there is such a file.</summary>
    bool FileExists(string path);

    /// <summary>Whether there is such a directory.</summary>
    bool DirectoryExists(string path);

    /// <summary>The files in a directory, with their sizes in bytes; no order is promised.</summary>
    IReadOnlyList<(string Path, long Bytes)> ListFiles(string directory, SearchOption depth);

    /// <summary>The directories in a directory.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    /// <summary>Makes a directory, whose parent exists.</summary>
    void CreateDirectory(string path);

    /// <summary>Makes the names in a directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>Deletes a file; without effect when there is none.</summary>
    void Delete(string path);

    /// <summary>Gives a file another name in one step; what had that name is gone.</summary>
    void Move(string path, string name);

    /// <summary>Gives a directory another name.</summary>
    void MoveDirectory(string path, string name);

    /// <summary>Gives a file a second name, only when the name is free, in one step; false: it is taken.</summary>
    bool TryLink(string existing, string name);
}
