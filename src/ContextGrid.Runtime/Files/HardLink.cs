using System.Runtime.InteropServices;

namespace ContextGrid.Runtime.Files;

/// <summary>
/// Gives a file a name only when the name is free, in one step. .NET's own move looks first and renames then, so that
/// two processes could both believe to be the first.
/// </summary>
internal static class HardLink
{
    private const int AlreadyExists = 17;

    /// <summary>Gives a file a second name; false when the name is taken. Windows: its move is one step.</summary>
    /// <exception cref="IOException">The link can't be made; <c>HResult</c> is the errno.</exception>
    public static bool TryCreate(string existing, string name)
    {
        if (OperatingSystem.IsWindows())
        {
            return TryMove(existing, name);
        }

        if (Link(existing, name) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error == AlreadyExists
            ? false
            : throw new IOException($"{name} can't be created: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    private static bool TryMove(string existing, string name)
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

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int Link(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);
}
