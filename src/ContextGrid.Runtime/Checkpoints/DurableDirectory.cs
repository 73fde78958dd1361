using System.Runtime.InteropServices;
using System.Text;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Two calls of the operating system that .NET does not offer: the sync of a directory, without which a new name may be
/// lost in a power failure, and a hard link, the one way to give a file a name only when the name is free.
/// On Windows a move does the second, and names are durable by the file system's own journal.
/// </summary>
internal static class DurableDirectory
{
    // O_RDONLY | O_CLOEXEC of Linux; elsewhere a handle that a child inherits does no harm.
    private const int ReadOnlyCloseOnExec = 0x80000;
    private const int AlreadyExists = 17;

    /// <summary>Makes the names in a directory durable.</summary>
    /// <exception cref="IOException">The directory can't be opened or synced; <c>HResult</c> is the errno.</exception>
    public static void Sync(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int handle = Open(Terminated(path), OperatingSystem.IsLinux() ? ReadOnlyCloseOnExec : 0);
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

    /// <summary>Gives a file a second name; false when the name is taken.</summary>
    /// <exception cref="IOException">The link can't be made; <c>HResult</c> is the errno.</exception>
    public static bool TryLink(string existing, string name)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                File.Move(existing, name, overwrite: false);
                return true;
            }
            catch (IOException) when (File.Exists(name))
            {
                return false;
            }
        }

        if (Link(Terminated(existing), Terminated(name)) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == AlreadyExists ? false : throw Failure($"{name} can't be created");
    }

    private static IOException Failure(string what)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    private static byte[] Terminated(string path) => Encoding.UTF8.GetBytes(path + '\0');

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int FSync(int handle);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int handle);

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int Link(byte[] existing, byte[] name);
}
