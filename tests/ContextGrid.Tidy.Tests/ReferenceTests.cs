using System.Xml.Linq;

namespace ContextGrid.Tidy.Tests;

public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["ContextGrid.Core"] = [],
        ["ContextGrid.Contracts"] = [],
        ["ContextGrid.Runtime"] = ["Core"],
        ["ContextGrid.Adapters"] = ["Core", "Runtime"],
        ["ContextGrid.Orleans"] = ["Core", "Runtime"],
        ["ContextGrid.Client"] = ["Contracts"],
        ["ContextGrid.Server"] = ["Core", "Runtime", "Adapters", "Orleans", "Contracts"],

        // Adapters: a definition is proposed from the schema that a registry has.
        ["ContextGrid.Cli"] = ["Core", "Runtime", "Adapters", "Contracts", "Client"],
    };

    [Fact]
    public void ProjectReferences_All_GoOneWay()
    {
        var wrong = new List<string>();
        foreach (string project in Repository.Projects)
        {
            string name = Path.GetFileNameWithoutExtension(project);
            foreach (string reference in References(project, "ProjectReference"))
            {
                string target = Path.GetFileNameWithoutExtension(reference.Replace('\\', '/'));
                if (!Allowed.TryGetValue(name, out string[]? targets) || !targets.Any(t
                    => target == "ContextGrid." + t || target == t))
                {
                    wrong.Add($"{project} refers to {target}; it may refer to: {string.Join(", ", targets ?? [])}.");
                }
            }
        }

        Report.Fail(wrong);
    }

    [Fact]
    public void Core_Always_HasNoPackages()
    {
        const string Core = "src/ContextGrid.Core/ContextGrid.Core.csproj";
        Assert.Empty(References(Core, "PackageReference").Concat(References(Core, "FrameworkReference")));
    }

    [Fact]
    public void Versions_OfPackages_StandInOnePlace() => Report.Fail(
        from project in Repository.TextFiles.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal))
        from reference in XDocument.Parse(Repository.Read(project)).Descendants("PackageReference")
        where reference.Attribute("Version") is not null
        select $"{project} gives a version; put it into Directory.Packages.props.");

    [Fact]
    public void MissingDocumentation_IsHiddenOnlyInGeneratedContracts() => Report.Fail(
        from path in Repository.TextFiles
        where path.StartsWith("src/", StringComparison.Ordinal) || !path.Contains('/', StringComparison.Ordinal)
        where path != "src/ContextGrid.Contracts/ContextGrid.Contracts.csproj"
        where Repository.Read(path).Contains("CS" + "1591", StringComparison.Ordinal)
        select $"{path} hides missing documentation. Write it instead.");

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Parse(Repository.Read(project)).Descendants(kind).Select(e => e.Attribute("Include")?.Value ?? "");
}
