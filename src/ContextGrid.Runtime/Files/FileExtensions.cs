namespace ContextGrid.Runtime.Files;

/// <summary>What is done with files in more than one place.</summary>
internal static class FileExtensions
{
    /// <summary>Makes a directory and its missing parents, each durable in its parent.</summary>
    /// <remarks>One that exists is made durable too: a process that was killed may have made it just before.</remarks>
    /// <exception cref="IOException">A directory can't be made or synchronised.</exception>
    public static void CreateDurableDirectory(this IFileSystem files, string directory)
    {
        string? parent = Path.GetDirectoryName(Path.GetFullPath(directory));
        if (!files.DirectoryExists(directory))
        {
            if (parent is not null)
            {
                files.CreateDurableDirectory(parent);
            }

            files.CreateDirectory(directory);
        }

        if (parent is not null)
        {
            files.SyncDirectory(parent);
        }
    }

    /// <summary>Reads until the buffer is full or the file ends; returns the bytes read.</summary>
    public static int ReadFully(this IFile file, Span<byte> buffer, long offset)
    {
        int total = 0, read = 1;
        for (; total < buffer.Length && read > 0; total += read)
        {
            read = file.Read(buffer[total..], offset + total);
        }

        return total;
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static byte[] ReadAllBytes(this IFileSystem files, string path)
    {
        using IFile file = files.Open(path, FileMode.Open, FileAccess.Read);
        byte[] bytes = new byte[file.Length];
        int read = file.ReadFully(bytes, 0);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    /// <summary>Writes a small file so that it is there as a whole or not at all, and survives a crash.</summary>
    public static void WriteDurably(this IFileSystem files, string path, ReadOnlySpan<byte> content)
    {
        string aside = path + ".new";

        // After a loss of power both names may be of one file, which must keep its content until the new one has its
        // own.
        files.Delete(aside);
        using (IFile file = files.Open(aside, FileMode.Create, FileAccess.Write))
        {
            file.Write(content, 0);
            file.Flush();
        }

        files.Move(aside, path);
        files.SyncDirectory(Path.GetDirectoryName(path) ?? path);
    }
}
