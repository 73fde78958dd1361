using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>A comma in braces ends a value; the error says so, once, where the line is cut.</summary>
public sealed class FlowMappingTests
{
    [Theory]
    [InlineData("{s: t | sum(x), net: coalesce(s, 0)}", "net")]
    [InlineData("{net: coalesce(t_s, max(1, 2), 0), n: t | count()}", "net")]
    [InlineData("{n: t | count() where x in (1, 2, 3)}", "n")]
    [InlineData("{n: t | count() where u == \"a, b\"}", "n")]
    public void Parse_LineCutByAComma_IsOneErrorThatSaysSo(string features, string name)
    {
        DefinitionError error = Assert.Single(Parse($"features: {features}").Errors);

        Assert.StartsWith(
            $"the line of feature '{name}' ends at a comma, since a comma in braces ends a value; put the line in quo",
            error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("features: {s: t | sum(x), net: 'coalesce(s, 0)'}")]
    [InlineData("features:\n      s: t | sum(x)\n      net: coalesce(s, 0)")]
    public void Parse_QuotedOrInLines_IsValid(string features) => Assert.Empty(Parse(features).Errors);

    [Fact]
    public void Parse_KeyCutByAComma_SaysSo()
    {
        DefinitionReadResult read = Parse("features: {n: t | count()}", "owner: Smith, John, ");

        Assert.Contains(
            "unknown key of event 't': 'John'; a comma in braces ends a value: put a text that has one in quotes",
            read.Errors.Select(e => e.Message));
    }

    private static DefinitionReadResult Parse(string features, string more = "") => DefinitionFiles.Parse(
        "d.yaml", $$$"""
        version: 1
        events:
          t: {topic: t, {{{more}}}fields: {u: string, x: double}}
        entities:
          user:
            from: {t: u}
            {{{features}}}
        """);
}
