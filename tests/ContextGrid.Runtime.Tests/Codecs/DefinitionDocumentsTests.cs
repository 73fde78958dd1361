using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>docs/DEFINITIONS.md and docs/definitions.schema.json say what the code does.</summary>
public sealed class DefinitionDocumentsTests
{
    [Fact]
    public void Schema_Generated_EqualsTheOneInDocs() =>
        Assert.Equal(File.ReadAllText(DocumentPath("definitions.schema.json")), DefinitionSchema.Write());

    [Fact]
    public void Document_YamlExamples_AreGoodDefinitions()
    {
        Assert.NotEmpty(Blocks("yaml"));
        Assert.All(Blocks("yaml"), yaml => Assert.Empty(DefinitionFiles.Parse("example.yaml", yaml).Errors));
    }

    [Fact]
    public void Document_ExpressionExamples_Parse()
    {
        DefinitionSet? set = DefinitionFiles.Parse("example.yaml", Blocks("yaml")[0]).Set;
        Assert.NotNull(set);
        EventDefinition payment = set.Events.Single(e => e.Name == "payment");
        var scope = new ExpressionScope(
            "field of event 'payment'", [.. payment.Fields.Select(f => new ExpressionSlot(f.Name, f.Type))]);
        foreach (string line in Blocks("expression").SelectMany(b => b.Split('\n')).Where(l => l.Length > 0))
        {
            var errors = new LanguageErrors();
            ExpressionText.Parse(line, scope, errors);
            Assert.True(!errors.Any, $"{line}: {string.Join("; ", errors.All)}");
        }
    }

    [Fact]
    public void Document_Functions_AreAllNamed()
    {
        string text = File.ReadAllText(DocumentPath("DEFINITIONS.md"));

        Assert.All(FunctionSignature.All, f => Assert.Contains($"`{f.Name}(", text, StringComparison.Ordinal));
    }

    private static string[] Blocks(string language)
    {
        string[] parts = File.ReadAllText(DocumentPath("DEFINITIONS.md")).Split("```");
        return [.. parts.Where((_, i) => i % 2 == 1)
            .Where(p => p.StartsWith(language + "\n", StringComparison.Ordinal))
            .Select(p => p[(language.Length + 1)..])];
    }

    private static string DocumentPath(string name)
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "ContextGrid.sln")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        Assert.NotNull(directory);
        return Path.Combine(directory, "docs", name);
    }
}
