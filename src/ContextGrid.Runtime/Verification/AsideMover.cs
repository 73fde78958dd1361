using ContextGrid.Core.Model;
using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// The only thing that a repair does: moves files into <c>aside-TIME/</c> below the data directory, under the same
/// relative paths, and makes the names durable. Nothing is deleted or rewritten; moving a file back undoes it.
/// </summary>
/// <param name="root">The data directory.</param>
/// <param name="time">The clock, for the directory's name.</param>
internal sealed class AsideMover(string root, TimeProvider time)
{
    /// <summary>The names of such directories start with it.</summary>
    public const string Prefix = "aside-";

    /// <summary>Moves paths aside.</summary>
    /// <param name="paths">Relative to the directory.</param>
    /// <returns>The directory that took them, relative; null: there was nothing to move.</returns>
    /// <exception cref="VerifyException">One could not be moved; those before it were.</exception>
    public string? Move(ImmutableArray<string> paths)
    {
        if (paths.IsEmpty)
        {
            return null;
        }

        string aside = Prefix + time.GetUtcNow().ToString("yyyyMMddHHmmssfff", CultureInfo.InvariantCulture);
        foreach (string path in paths)
        {
            string from = Path.Combine(root, path), to = Path.Combine(root, aside, path);
            try
            {
                Move(from, to);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new VerifyException(
                    $"{from} could not be moved to {to}: {Sentence.End(e.Message)} "
                    + $"What was moved before stays in {aside}.",
                    isWrongUse: false, e);
            }
        }

        return aside;
    }

    private static void Move(string from, string to)
    {
        // Both have a parent, since they are inside of the data directory.
        string folder = Path.GetDirectoryName(to)!, left = Path.GetDirectoryName(from)!;
        DiskFileSystem.Instance.CreateDurableDirectory(folder);
        Directory.Move(from, to);
        DurableDirectory.Sync(folder);
        DurableDirectory.Sync(left);
    }
}
