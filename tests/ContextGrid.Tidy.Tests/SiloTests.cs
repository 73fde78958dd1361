using System.Text.RegularExpressions;

namespace ContextGrid.Tidy.Tests;

/// <summary>
/// Silos carry messages and say who is there. Who owns a shard, and how far it is, is judged in one place: the runtime.
/// </summary>
public sealed partial class SiloTests
{
    [Fact]
    public void Orleans_OutsideReplays_ComparesNoEpochAndNoPosition() => Report.Fail(
        from path in Repository.SourceFiles
        where path.StartsWith("src/ContextGrid.Orleans/", StringComparison.Ordinal)
        where !path.StartsWith("src/ContextGrid.Orleans/Replay/", StringComparison.Ordinal)
        from line in Repository.Lines(path).Select((text, at) => (Text: text, Number: at + 1))
        where Comparison().IsMatch(line.Text)
        select $"{path}:{line.Number} compares an epoch or a position: {line.Text.Trim()}");

    [Theory]
    [InlineData("if (owner.Epoch > known)", true)]
    [InlineData("return next <= progress.Next;", true)]
    [InlineData("bool isOld = a.Generation == b.Generation;", true)]
    [InlineData("Epoch = 3,", false)]
    [InlineData("items.Where(i => i.Name == name)", false)]
    public void Comparison_OfALine_IsFound(string line, bool isFound) =>
        Assert.Equal(isFound, Comparison().IsMatch(line));

    [GeneratedRegex(
        @"\b(Epoch|Next|NextOffset|Generation|Lineage)\s*(==|!=|<=|>=|<|>)(?!\w*>)"
        + @"|(==|!=|<=|>=|[^=\-]>|<)\s*[\w.]*\.(Epoch|Next|NextOffset|Generation|Lineage)\b")]
    private static partial Regex Comparison();
}
