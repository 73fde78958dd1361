namespace ContextGrid.Tidy.Tests;

/// <summary>The files of the repository, found by walking up to the solution.</summary>
internal static class Repository
{
    private static readonly string[] SkippedFolders =
        [".git", "bin", "obj", "artifacts", "data", "node_modules", "BenchmarkDotNet.Artifacts", "TestResults"];

    private static readonly string[] TextEndings =
        [".cs", ".csproj", ".props", ".targets", ".proto", ".md", ".yaml", ".yml", ".json", ".jsonl", ".sh", ".html",
        ".css", ".js", ".mjs", ".py", ".txt", ".editorconfig", ".gitignore", ".sln", "run", "contextgrid"];

    /// <summary>The folder of ContextGrid.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Paths of all text files, relative to the root, with forward slashes, in ordinal order.</summary>
    public static IReadOnlyList<string> TextFiles { get; } = [.. Walk(Root).Order(StringComparer.Ordinal)];

    /// <summary>The C# files.</summary>
    public static IEnumerable<string> SourceFiles
        => TextFiles.Where(path => path.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>The project files under src.</summary>
    public static IEnumerable<string> Projects => TextFiles.Where(
        path
            => path.EndsWith(".csproj", StringComparison.Ordinal) && path.StartsWith("src/", StringComparison.Ordinal));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static string[] Lines(string path) => File.ReadAllLines(Path.Combine(Root, path));

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "ContextGrid.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("ContextGrid.sln is in no folder above the tests.");
    }

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (string file in Directory.GetFiles(folder))
        {
            if (TextEndings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)))
            {
                yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
            }
        }

        foreach (string child in Directory.GetDirectories(folder))
        {
            if (!SkippedFolders.Contains(Path.GetFileName(child)))
            {
                foreach (string file in Walk(child))
                {
                    yield return file;
                }
            }
        }
    }
}
