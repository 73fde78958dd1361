using ContextGrid.Runtime.Tests.Examples;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>Real events and bad lines, which are not part of the repository.</summary>
internal static class DataFiles
{
    /// <summary>The folder, whether or not it exists.</summary>
    internal static string Folder { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("CONTEXTGRID_PARTS") is { Length: > 0 } given
            ? given
            : Path.Combine(ExampleFiles.RepositoryRoot, "..", "shared"),
        "data");
}
