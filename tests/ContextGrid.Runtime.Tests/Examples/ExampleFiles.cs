using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using YamlDotNet.RepresentationModel;

namespace ContextGrid.Runtime.Tests.Examples;

/// <summary>The folder <c>examples</c> of the repository.</summary>
internal static class ExampleFiles
{
    internal static string RepositoryRoot { get; } = FindRoot();

    internal static string Folder(string example) => Path.Combine(RepositoryRoot, "examples", example);

    internal static DefinitionReadResult Read(string example)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(Path.Combine(Folder(example), "definitions.yaml"))));
        return DefinitionBuilder.Build([Convert(stream.Documents[0].RootNode)], new DefinitionErrors());
    }

    private static DefinitionNode Convert(YamlNode node)
    {
        var place = new DefinitionPlace("f", (int)node.Start.Line, (int)node.Start.Column);
        return node switch
        {
            YamlScalarNode s => new DefinitionScalar(place, s.Value ?? "", []),
            YamlMappingNode m => new DefinitionMapping(place, [.. m.Children.Select(Entry)]),
            YamlSequenceNode q => new DefinitionSequence(place, [.. q.Children.Select(Convert)]),
            _ => throw new InvalidOperationException($"{node.NodeType} in an example."),
        };
    }

    private static DefinitionEntry Entry(KeyValuePair<YamlNode, YamlNode> entry) =>
        new((DefinitionScalar)Convert(entry.Key), Convert(entry.Value));

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
