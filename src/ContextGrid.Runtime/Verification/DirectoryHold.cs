namespace ContextGrid.Runtime.Verification;

/// <summary>
/// Keeps servers out of a data directory while it is checked, and finds out whether one has it open. Nothing is
/// written: the lock files that a server has made are locked, and one that is missing is not made.
/// </summary>
internal sealed class DirectoryHold : IDisposable
{
    private readonly List<FileStream> _held = [];

    private DirectoryHold()
    {
    }

    /// <summary>Takes the locks: shared with other checks, or alone for a repair.</summary>
    /// <exception cref="VerifyException">A server has the directory open, or the lock can't be read.</exception>
    public static DirectoryHold Take(string root, bool alone)
    {
        var hold = new DirectoryHold();
        try
        {
            hold.Lock(root, Path.Combine(root, "lock"), alone);
            hold.Lock(root, Path.Combine(root, "log", "~lock"), alone);
            return hold;
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _held.ForEach(file => file.Dispose());

    private void Lock(string root, string file, bool alone)
    {
        if (!File.Exists(file))
        {
            return;
        }

        try
        {
            _held.Add(new FileStream(
                file, FileMode.Open, FileAccess.Read, alone ? FileShare.None : FileShare.Read, bufferSize: 0));
        }
        catch (IOException e)
        {
            throw new VerifyException(
                $"{root} is in use by a server{Who(root)}. Stop it first, or check a backup that was taken from it.",
                isWrongUse: false, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new VerifyException(
                $"{file} can't be read: permission is denied. Run this as the user that runs the server.",
                isWrongUse: false, e);
        }
    }

    private static string Who(string root)
    {
        string process = Path.Combine(root, "process");
        try
        {
            return $" (process {File.ReadAllText(process).Trim()})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
