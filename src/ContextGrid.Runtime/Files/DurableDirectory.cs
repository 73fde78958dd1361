using System.Runtime.InteropServices;

namespace ContextGrid.Runtime.Files;

/// <summary>
/// The sync of a directory, without which a new name may be lost in a power failure; .NET does not offer it.
/// </summary>
internal static class DurableDirectory
{
    // O_RDONLY | O_CLOEXEC of Linux; elsewhere a handle that a child inherits does no harm.
    private const int ReadOnlyCloseOnExec = 0x80000;

    /// <summary>Makes the names in a directory durable. On Windows the file system's own journal does it.</summary>
    /// <exception cref="IOException">The directory can't be opened or synced; <c>HResult</c> is the errno.</exception>
    public static void Sync(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int handle = Open(path, OperatingSystem.IsLinux() ? ReadOnlyCloseOnExec : 0);
        if (handle < 0)
        {
            throw Failure($"Directory {path} can't be opened");
        }

        int result = FSync(handle);
        IOException? failure = result == 0 ? null : Failure($"Directory {path} can't be synced");
        _ = Close(handle);
        if (failure is not null)
        {
            throw failure;
        }
    }

    private static IOException Failure(string what)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int FSync(int handle);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int handle);
}
