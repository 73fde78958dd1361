using System.Security.Cryptography;
using ContextGrid.Runtime.Verification;

namespace ContextGrid.Runtime.Tests.Verification;

/// <summary>The files of a data directory, and what tests do to them.</summary>
internal static class DataFiles
{
    /// <summary>The segments of the log of payments, oldest first.</summary>
    public static string[] Segments(string data) => FilesOf(data, "log/payments/0", "*.log");

    /// <summary>The manifests, oldest first.</summary>
    public static string[] Manifests(string data) => FilesOf(data, "checkpoints/manifests", "*");

    /// <summary>The segments of the checkpoints, oldest first.</summary>
    public static string[] CheckpointSegments(string data) => FilesOf(data, "checkpoints/segments", "*");

    /// <summary>Findings as a text.</summary>
    public static string All(IEnumerable<Finding> findings) => string.Join('\n', findings);

    /// <summary>Every name in a directory, with the content of files.</summary>
    public static SortedDictionary<string, string> Tree(string directory)
    {
        var tree = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in Directory.GetFileSystemEntries(directory, "*", SearchOption.AllDirectories))
        {
            tree[Path.GetRelativePath(directory, path)] = Directory.Exists(path)
                ? "directory"
                : $"{Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))} {File.GetLastWriteTimeUtc(path):O}";
        }

        return tree;
    }

    /// <summary>Flips bits of one byte of a file.</summary>
    public static void Flip(string path, long at, byte mask)
    {
        using FileStream file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = at;
        int value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ mask));
    }

    private static string[] FilesOf(string data, string folder, string pattern) =>
    [
        .. Directory.GetFiles(Path.Combine(data, folder), pattern, SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal),
    ];
}
