using ContextGrid.Core.Model;

namespace ContextGrid.Core.Tests;

public sealed class SentenceTests
{
    [Theory]
    [InlineData("a word", "a word.")]
    [InlineData("a word.", "a word.")]
    [InlineData("did you mean 'x'?", "did you mean 'x'?")]
    [InlineData("did you mean 'x'?.", "did you mean 'x'?")]
    [InlineData("stop!.", "stop!")]
    [InlineData("it ended.. ", "it ended.")]
    [InlineData("it ended. .", "it ended.")]
    [InlineData("and more…", "and more…")]
    [InlineData(".", ".")]
    [InlineData("", "")]
    public void End_AnyText_HasOneMarkAtItsEnd(string text, string expected) =>
        Assert.Equal(expected, Sentence.End(text));
}
