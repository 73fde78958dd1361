using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Embedded;

/// <summary>Makes directories whose names survive a crash of the machine.</summary>
internal static class DirectorySync
{
    /// <summary>Makes a directory and its missing parents, each durable in its parent.</summary>
    /// <exception cref="IOException">A directory can't be made or synchronised.</exception>
    public static void Create(string directory)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        string? parent = Path.GetDirectoryName(Path.GetFullPath(directory));
        if (parent is not null)
        {
            Create(parent);
        }

        Directory.CreateDirectory(directory);
        if (parent is not null)
        {
            DurableDirectory.Sync(parent);
        }
    }
}
