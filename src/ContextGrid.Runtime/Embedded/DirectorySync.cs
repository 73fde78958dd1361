using System.Runtime.InteropServices;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// Makes the names in a directory durable: a new, renamed or deleted file survives a crash of the machine only when its
/// directory is synchronised, for which the platform has no managed call.
/// </summary>
internal static class DirectorySync
{
    private const int OpenReadOnly = 0;

    /// <summary>Makes a directory and its missing parents, each durable in its parent.</summary>
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
            Flush(parent);
        }
    }

    /// <summary>Waits until the directory's entries are on the disk. Windows needs no such call.</summary>
    /// <exception cref="IOException">The directory can't be synchronised.</exception>
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(directory, OpenReadOnly);
        int result = descriptor < 0 ? -1 : Fsync(descriptor);
        int error = Marshal.GetLastPInvokeError();
        if (descriptor >= 0)
        {
            _ = Close(descriptor);
        }

        if (result < 0)
        {
            string reason = Marshal.GetPInvokeErrorMessage(error);
            throw new IOException($"The directory {directory} can't be synchronised: {reason}", error);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
