using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Examples;

/// <summary>The folder <c>examples</c> of the repository.</summary>
internal static class ExampleFiles
{
    internal static string RepositoryRoot { get; } = FindRoot();

    internal static string Folder(string example) => Path.Combine(RepositoryRoot, "examples", example);

    internal static DefinitionReadResult Read(string example) => DefinitionFiles.Read(Folder(example));

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "ContextGrid.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests run outside the repository.");
    }
}
