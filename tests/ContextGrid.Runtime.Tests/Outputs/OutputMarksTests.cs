using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Outputs;

namespace ContextGrid.Runtime.Tests.Outputs;

public sealed class OutputMarksTests
{
    private readonly OutputMarks _marks = new(
        new OutputDefinition("features", "user-features", 1, OutputFormat.Json, 1_000, [0]));

    [Fact]
    public void Mark_SameEntityAgain_WaitsOnce()
    {
        Mark("a");
        Mark("b");
        Mark("a");
        Assert.Equal(["a", "b"], _marks.Take().Select(Encoding.UTF8.GetString).Order());
        Assert.Equal(0, _marks.Count);
    }

    [Fact]
    public void Mark_MoreThanMayWait_IsRememberedAndKeepsTheBound()
    {
        for (int i = 0; i <= OutputMarks.WaitingMax; i++)
        {
            Mark($"k{i}");
        }

        Assert.True(_marks.IsOver);
        Assert.Equal(OutputMarks.WaitingMax, _marks.Count);
        Mark("k0");
        Assert.Equal(OutputMarks.WaitingMax, _marks.Count);
    }

    [Fact]
    public void Reset_AfterTooMany_RemembersOnlyWhatComesAfter()
    {
        Mark_MoreThanMayWait_IsRememberedAndKeepsTheBound();
        _marks.Reset();
        Mark("new");
        Assert.False(_marks.IsOver);
        Assert.Equal(["new"], _marks.Take().Select(Encoding.UTF8.GetString));
    }

    private void Mark(string key) => _marks.Mark(Encoding.UTF8.GetBytes(key));
}
