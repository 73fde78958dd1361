using System.Text.RegularExpressions;

namespace ContextGrid.Tidy.Tests;

public sealed partial class DocumentTests
{
    [Fact]
    public void Paths_NamedInDocuments_Exist() => Report.Fail(
        from path in Repository.TextFiles
        where path.EndsWith(".md", StringComparison.Ordinal)
        where path == "README.md" || path.StartsWith("docs/", StringComparison.Ordinal)
        from named in Named(path)
        where !Path.Exists(Path.Combine(Repository.Root, named))
        select $"{path} names {named}, which does not exist.");

    private static IEnumerable<string> Named(string document)
    {
        string text = Repository.Read(document);
        foreach (Match match in CodePath().Matches(text))
        {
            yield return match.Groups["path"].Value.TrimEnd('.', '/');
        }

        string folder = Path.GetDirectoryName(document) ?? "";
        foreach (Match match in Link().Matches(text))
        {
            string target = match.Groups["path"].Value;
            if (!target.Contains(':', StringComparison.Ordinal) && target.Length > 0)
            {
                yield return Path.Combine(folder, target);
            }
        }
    }

    [GeneratedRegex(@"`(\./)?(?<path>(src|docs|tests|examples|deploy|load-tests|\.ci)/[\w./-]+|\w[\w-]*\.sh)[\s`]")]
    private static partial Regex CodePath();

    [GeneratedRegex(@"\]\((?<path>[^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex Link();
}
