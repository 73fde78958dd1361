using Microsoft.Win32.SafeHandles;

namespace ContextGrid.Runtime.Files;

/// <summary>The machine's own file system.</summary>
internal sealed class DiskFileSystem : IFileSystem
{
    private DiskFileSystem()
    {
    }

    /// <summary>The one that every path of this machine is in.</summary>
    public static DiskFileSystem Instance { get; } = new();

    /// <inheritdoc/>
    public IFile Open(string path, FileMode mode, FileAccess access)
    {
        SafeFileHandle handle = File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete);
        return new DiskFile(handle);
    }

    /// <inheritdoc/>
    public IDisposable Lock(string path) =>
        new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public IReadOnlyList<(string Path, long Bytes)> ListFiles(string directory, SearchOption depth)
    {
        var files = new List<(string, long)>();
        foreach (FileInfo file in new DirectoryInfo(directory).EnumerateFiles("*", depth))
        {
            // One that is deleted meanwhile is not there.
            if (file.Exists)
            {
                files.Add((file.FullName, file.Length));
            }
        }

        return files;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListDirectories(string directory) => Directory.GetDirectories(directory);

    /// <inheritdoc/>
    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    /// <inheritdoc/>
    public void SyncDirectory(string path) => DurableDirectory.Sync(path);

    /// <inheritdoc/>
    public void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Then there is no such file either.
        }
    }

    /// <inheritdoc/>
    public void Move(string path, string name) => File.Move(path, name, overwrite: true);

    /// <inheritdoc/>
    public void MoveDirectory(string path, string name) => Directory.Move(path, name);

    /// <inheritdoc/>
    public bool TryLink(string existing, string name) => HardLink.TryCreate(existing, name);
}
