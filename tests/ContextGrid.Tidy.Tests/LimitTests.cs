using System.Text.RegularExpressions;

namespace ContextGrid.Tidy.Tests;

/// <summary>What docs/LIMITS.md names is there: a constant in the file of its type, a test in the file of its class.
/// </summary>
public sealed partial class LimitTests
{
    [Fact]
    public void ConstantsAndTests_NamedInTheTable_Exist()
    {
        Dictionary<string, string[]> files = Repository.SourceFiles
            .GroupBy(path => Path.GetFileNameWithoutExtension(path), StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal);
        MatchCollection named = Member().Matches(Repository.Read("docs/LIMITS.md"));
        Assert.NotEmpty(named.AsEnumerable());
        Report.Fail(
            from Match match in named
            let type = match.Groups["type"].Value
            let member = match.Groups["member"].Value
            where !files.TryGetValue(type, out string[]? sources)
                || !sources.Any(path => Regex.IsMatch(Repository.Read(path), $@"\b{member}\b"))
            select $"docs/LIMITS.md names {type}.{member}, which does not exist.");
    }

    [GeneratedRegex(@"`(?<type>[A-Z]\w+)\.(?<member>[A-Z]\w+)`")]
    private static partial Regex Member();
}
