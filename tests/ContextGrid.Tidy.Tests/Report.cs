namespace ContextGrid.Tidy.Tests;

/// <summary>Fails a test with all sentences at once.</summary>
internal static class Report
{
    public static void Fail(IEnumerable<string> sentences)
    {
        string all = string.Join('\n', sentences);
        Assert.True(all.Length == 0, all);
    }
}
