using System.Globalization;
using System.Text;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// The directory that an embedded grid keeps everything in. Opening it checks that it can be written, that it is one of
/// ours and of a known format, and keeps every other server out until it is disposed of or the process ends.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    /// <summary>The version of the layout that this program writes.</summary>
    public const int FormatVersion = 1;

    /// <summary>The file that says which layout it is; without it a directory is none of data.</summary>
    internal const string FormatFile = "format";

    private const string FormatPrefix = "contextgrid data ";
    private const string LockFile = "lock";
    private const string ProcessFile = "process";

    private readonly IDisposable _lock;

    private DataDirectory(string path, IDisposable heldLock) => (FullPath, _lock) = (path, heldLock);

    /// <summary>The directory's full path.</summary>
    public string FullPath { get; }

    /// <summary>Where the event log is.</summary>
    public string LogPath => Path.Combine(FullPath, "log");

    /// <summary>Where the checkpoints are.</summary>
    public string CheckpointsPath => Path.Combine(FullPath, "checkpoints");

    /// <summary>Opens a directory, and makes it when it is missing.</summary>
    /// <param name="path">An empty or missing directory, or one that a grid has used before.</param>
    /// <exception cref="DataDirectoryException">It can't be used; the message is one line that says why and what to
    /// do.</exception>
    public static DataDirectory Open(string path) => Open(DiskFileSystem.Instance, path);

    internal static DataDirectory Open(IFileSystem files, string path)
    {
        string full = Path.GetFullPath(path);
        if (files.FileExists(full))
        {
            throw new DataDirectoryException($"{full} is a file; name a directory for the data.");
        }

        try
        {
            files.CreateDurableDirectory(full);
            bool isNew = CheckIsOurs(files, full);
            IDisposable held = TakeLock(files, full);
            try
            {
                Claim(files, full, isNew);
                return new DataDirectory(full, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw new DataDirectoryException(
                $"{full} can't be written: permission is denied. Give this user read and write permission there, "
                + "or choose another directory.", e);
        }
        catch (IOException e)
        {
            throw new DataDirectoryException(
                $"{full} can't be used: {OneLine(e.Message)} Check the path and the disk.", e);
        }
    }

    /// <summary>Lets another server open the directory.</summary>
    public void Dispose() => _lock.Dispose();

    private static void Claim(IFileSystem files, string path, bool isNew)
    {
        if (isNew)
        {
            files.WriteDurably(
                Path.Combine(path, FormatFile), Encoding.UTF8.GetBytes($"{FormatPrefix}{FormatVersion}\n"));
        }

        using IFile process = files.Open(Path.Combine(path, ProcessFile), FileMode.Create, FileAccess.Write);
        process.Write(Encoding.UTF8.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)), 0);
    }

    /// <summary>A directory with other files may be anybody's: a wrong path must not fill it.</summary>
    /// <returns>Whether nothing is kept there yet. Its format file is then written even where one is seen: an earlier
    /// start may have failed to make it durable, and data must not outlive it.</returns>
    private static bool CheckIsOurs(IFileSystem files, string path)
    {
        string format = Path.Combine(path, FormatFile);
        string? kept = files.ListFiles(path, SearchOption.TopDirectoryOnly).Select(f => f.Path)
            .Concat(files.ListDirectories(path)).Select(Path.GetFileName)
            .FirstOrDefault(name => name is not (LockFile or ProcessFile or FormatFile or FormatFile + ".new"));
        if (!files.FileExists(format))
        {
            return kept is null ? true : throw new DataDirectoryException(
                $"{path} is not a data directory of ContextGrid, and it is not empty (it holds '{kept}'). "
                + "Name an empty or a new directory.");
        }

        string text = Encoding.UTF8.GetString(files.ReadAllBytes(format)).Trim();
        bool known = text.StartsWith(FormatPrefix, StringComparison.Ordinal)
            && int.TryParse(
                text.AsSpan(FormatPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int version)
            && version is >= 1 and <= FormatVersion;
        if (!known)
        {
            throw new DataDirectoryException(
                $"{format} says '{OneLine(text)}', and this program knows '{FormatPrefix}{FormatVersion}' at most. "
                + "Use a newer program or another directory.");
        }

        return kept is null;
    }

    private static IDisposable TakeLock(IFileSystem files, string path)
    {
        string file = Path.Combine(path, LockFile);
        try
        {
            return files.Lock(file);
        }
        catch (IOException e) when (IsHeld(e))
        {
            string process = Path.Combine(path, ProcessFile);
            string who = files.FileExists(process)
                ? $" (process {OneLine(Encoding.UTF8.GetString(files.ReadAllBytes(process)))})"
                : "";
            throw new DataDirectoryException(
                $"{path} is in use by another server{who}. Stop that one or choose another directory.", e);
        }
    }

    // EAGAIN on Linux and macOS, a sharing violation on Windows; a read-only disk, say, is another matter.
    private static bool IsHeld(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static string OneLine(string text)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= 200 ? line : line[..200];
    }
}

/// <summary>A data directory can't be used.</summary>
/// <param name="message">One line: which directory, why, and what to do.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class DataDirectoryException(string message, Exception? inner = null) : Exception(message, inner);
