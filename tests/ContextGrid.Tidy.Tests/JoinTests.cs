using System.Text.RegularExpressions;

namespace ContextGrid.Tidy.Tests;

/// <summary>
/// What has several parts is compared part by part. A text joined of parts is for people; as a key or on the wire two
/// different lists can be the same text, since a part may have the separator in it.
/// </summary>
public sealed partial class JoinTests
{
    // Each line has a reason why no part can have the separator, or why nothing is looked up by the text.
    private static readonly Dictionary<string, string> Allowed = new(StringComparer.Ordinal)
    {
        ["src/ContextGrid.Adapters/AzureBlob/AzureBlobAddress.cs"] = "a connection string, cut at the same semicolons",
        ["src/ContextGrid.Cli/Output/PayloadText.cs"] = "lines for people",
        ["src/ContextGrid.Core/Definitions/FieldSource.cs"] = "a notation; a part with a dot stands in quotes",
        ["src/ContextGrid.Core/Definitions/FieldsReader.cs"] = "a message for people",
        ["src/ContextGrid.Core/Features/Accumulators/AggregateState.cs"] = "numbers; they have no comma",
        ["src/ContextGrid.Runtime/Checkpoints/StoredDefinitions.cs"] = "lines, and no part has a break",
        ["src/ContextGrid.Runtime/Codecs/YamlNodes.cs"] = "lines of a file",
        ["src/ContextGrid.Server/Http/AdminRoutes.cs"] = "lines for people",
    };

    [Fact]
    public void Lists_AsKeysOrOnTheWire_AreNotJoined() => Report.Fail(
        from path in Repository.SourceFiles
        where path.StartsWith("src/", StringComparison.Ordinal) && !Allowed.ContainsKey(path)
        from Match match in Joined().Matches(Repository.Read(path))
        select $"{path}:{LineOf(path, match.Index)} joins or cuts a list by a character that a part may have: "
            + $"{match.Value} Keep the list, or say in {nameof(JoinTests)} why it is safe.");

    [Fact]
    public void Allowed_All_AreNeeded() => Report.Fail(
        from entry in Allowed
        where !Joined().IsMatch(Repository.Read(entry.Key))
        select $"{entry.Key} joins nothing any more. Take it out of {nameof(JoinTests)}.");

    [Theory]
    [InlineData("string names = string.Join('\\n', features);", true)]
    [InlineData("string.Join(\"\\0\", names)", true)]
    [InlineData("string.Join('/', type, key)", true)]
    [InlineData("string.Join(\";\", rest)", true)]
    [InlineData("features.Split('\\n')", true)]
    [InlineData("text.Split('\\0', 2)", true)]
    [InlineData("type + '\\0' + key", true)]
    [InlineData("_known[$\"{type}/{key}\"]", true)]
    [InlineData("_known.TryGetValue($\"{type}@{version}\", out var found)", true)]
    [InlineData("grains.GetGrain<IThing>($\"{a}.{b}\")", true)]
    [InlineData("string.Join(\", \", names)", false)]
    [InlineData("string.Join(' ', found)", false)]
    [InlineData("_known[$\"old-{name}\"]", false)]
    [InlineData("part.Split('.')", false)]
    public void Joined_Sample_IsFoundOrNot(string source, bool isFound) =>
        Assert.Equal(isFound, Joined().IsMatch(source));

    private static int LineOf(string path, int index) => Repository.Read(path).AsSpan(0, index).Count('\n') + 1;

    // A separator that people read has a blank. A key that is made of two holes is a join too.
    [GeneratedRegex(
        """string\.Join\(\s*(?:'(?! ')[^']+'|"[^" ]*")|\.Split\(\s*['"]\\[n0rux]|\+\s*['"]\\(?:0|u00|x)"""
        + """|(?:\[|TryGetValue\(|ContainsKey\(|GetOrAdd\(|TryAdd\(|GetGrain<\w+>\()\s*\$"[^"]*\{[^"]*\{""")]
    private static partial Regex Joined();
}
