using System.Text.RegularExpressions;

namespace ContextGrid.Tidy.Tests;

public sealed partial class TypeTests
{
    private const int SatelliteLinesMax = 40;

    [Fact]
    public void Files_All_AreNamedAfterTheirPrincipalType() => Report.Fail(
        from path in Repository.SourceFiles
        let types = SourceShape.Of(Repository.Read(path)).Types
        where types.Count > 0
        let name = Path.GetFileNameWithoutExtension(path).Split('.')[0]
        where types.All(type => type.Name != name)
        select $"{path} has no type {name}, but {string.Join(", ", types.Select(type => type.Name))}.");

    [Fact]
    public void Files_All_HaveOnePrincipalType() => Report.Fail(
        from path in Repository.SourceFiles
        let name = Path.GetFileNameWithoutExtension(path).Split('.')[0]
        from type in SourceShape.Of(Repository.Read(path)).Types
        where type.Name != name && type.Kind != "enum" && type.Lines > SatelliteLinesMax
        select $"{path} has, beside {name}, the {type.Kind} {type.Name} of {type.Lines} lines. Give it its own file.");

    [Fact]
    public void Names_OfTypes_SayWhatTheTypeDoes() => Report.Fail(
        from path in Repository.SourceFiles
        from type in SourceShape.Of(Repository.Read(path)).Types
        where VagueName().IsMatch(type.Name)
        select $"{path}: the name {type.Name} says nothing. Name what it does.");

    [Fact]
    public void Namespaces_All_FollowTheFolder() => Report.Fail(
        from path in Repository.SourceFiles
        let declared = Namespace().Match(SourceText.Blank(Repository.Read(path)))
        where declared.Success
        let folder = Path.GetDirectoryName(path) ?? ""
        let expected = string.Join('.', folder.Split('/', '\\').Skip(1))
        where declared.Groups["name"].Value != expected && !IsPublicClient(declared.Groups["name"].Value, expected)
        select $"{path} declares {declared.Groups["name"].Value}; its folder says {expected}.");

    // Users of the client library need one using, whatever its folders.
    private static bool IsPublicClient(string declared, string expected) =>
        declared == "ContextGrid.Client" && expected.StartsWith(declared, StringComparison.Ordinal);

    [GeneratedRegex("(Manager|Helpers?|Utils?|Utilities|Misc)$")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"^namespace\s+(?<name>[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
