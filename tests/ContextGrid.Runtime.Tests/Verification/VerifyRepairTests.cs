using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Verification;
using static ContextGrid.Runtime.Tests.Verification.DataFiles;
using static ContextGrid.Runtime.Tests.Verification.DataTemplate;

namespace ContextGrid.Runtime.Tests.Verification;

/// <summary>A repair only moves things aside, and the start after it works; without it nothing is written.</summary>
public sealed class VerifyRepairTests(DataTemplate data) : IClassFixture<DataTemplate>
{
    [Fact]
    public async Task Verify_OlderSegmentHasAgainWhatWasCut_IsSoundAndSaysSo()
    {
        string copy = data.Copy(), segment = Segments(copy)[0];
        File.AppendAllBytes(segment, File.ReadAllBytes(Segments(copy)[1])[32..200]);
        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy);
        Assert.True(summary.IsSound, All(findings));
        Assert.Contains("cut before the next segment was made", All(findings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_WithoutRepair_ChangesNothing()
    {
        string copy = data.Copy();
        DamageManyThings(copy);
        SortedDictionary<string, string> before = Tree(copy);
        (VerifySummary summary, _) = await VerifyAsync(copy);
        Assert.False(summary.IsSound);
        Assert.Null(summary.AsideDirectory);
        Assert.Equal(before, Tree(copy));
    }

    [Fact]
    public async Task Repair_WholeDirectory_MovesNothing()
    {
        string copy = data.Copy();
        SortedDictionary<string, string> before = Tree(copy);
        (VerifySummary summary, _) = await VerifyAsync(copy, repair: true);
        Assert.Null(summary.AsideDirectory);
        Assert.Equal(before, Tree(copy));
    }

    [Fact]
    public async Task Repair_ManyThings_LosesNoByteAndTheNextStartHasEverything()
    {
        string copy = data.Copy();
        DamageManyThings(copy);
        SortedDictionary<string, string> before = Tree(copy);
        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy, repair: true);
        Assert.NotNull(summary.AsideDirectory);

        // Each file is where it was or aside, as it was.
        SortedDictionary<string, string> after = Tree(copy);
        foreach ((string path, string content) in before.Where(f => f.Value != "directory"))
        {
            string now = summary.Moved.Contains(path) ? Path.Combine(summary.AsideDirectory, path) : path;
            Assert.True(after.GetValueOrDefault(now) == content, $"{path} is not at {now}");
        }

        Assert.Contains("applies 4 records", summary.NextStart, StringComparison.Ordinal);
        (summary, findings) = await VerifyAsync(copy);
        Assert.True(summary.IsSound, All(findings));
        await RequireStateAsync(copy);
    }

    [Fact]
    public async Task Repair_SegmentThatOnlyTheNewestCheckpointHas_GoesBackToTheOlderOne()
    {
        string copy = data.Copy();
        string segment = CheckpointSegments(copy)[^1];
        Flip(segment, 60, 1);
        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy, repair: true);
        Assert.Contains(Path.GetRelativePath(copy, segment), summary.Moved);
        Assert.Contains("applies 4 records", summary.NextStart, StringComparison.Ordinal);
        await RequireStateAsync(copy);
    }

    [Fact]
    public async Task Repair_DamagedSegmentOfTheLog_IsLeftWhereItIsUntilItIsNamed()
    {
        string copy = data.Copy();
        string segment = Segments(copy)[2];
        Flip(segment, 50, 1);
        (VerifySummary summary, _) = await VerifyAsync(copy, repair: true);
        Assert.Empty(summary.Moved);
        Assert.Equal(1, summary.Errors);

        string name = $"log/payments/0/{Path.GetFileName(segment)}";
        (summary, List<Finding> findings) = await VerifyAsync(copy, true, true, name);
        Assert.Equal(6, summary.Moved.Length); // Three segments with their indexes.
        Assert.Contains(findings, f => f.AtStart.Contains("has all that they held", StringComparison.Ordinal));
        (summary, findings) = await VerifyAsync(copy);
        Assert.True(summary.IsSound, All(findings));
        await RequireStateAsync(copy);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Repair_SegmentWithoutARecord_MovesItAndWarnsWhenItsIndexHadSome(bool hasIndex)
    {
        string copy = data.Copy(), segment = Path.Combine(copy, "log/dead-letters/0/00000000000000000000.log");
        using (FileStream file = File.OpenWrite(segment))
        {
            file.SetLength(7);
        }

        if (!hasIndex)
        {
            File.Delete(Path.ChangeExtension(segment, ".index"));
        }

        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy, repair: true);
        Assert.True(summary.Warnings == (hasIndex ? 1 : 0), All(findings));
        Assert.Equal(hasIndex ? 2 : 1, summary.Moved.Length);
        await using var host = await StartAsync(copy);
    }

    [Fact]
    public async Task Repair_NewestSegmentIsNamed_IsRefused()
    {
        string copy = data.Copy();
        string newest = Path.GetFileName(Segments(copy)[^1]);
        foreach (string name in (string[])[$"log/payments/0/{newest}", "log/payments/0/1.log", "format"])
        {
            SortedDictionary<string, string> before = Tree(copy);
            var e = await Assert.ThrowsAsync<VerifyException>(() => VerifyAsync(copy, true, true, name));
            Assert.Contains(name, e.Message, StringComparison.Ordinal);
            Assert.Equal(before, Tree(copy));
        }
    }

    [Fact]
    public async Task Repair_LogHasLostWhatTheOlderCheckpointNeeds_MovesNothing()
    {
        string copy = data.Copy();
        Flip(Manifests(copy)[^1], 30, 8);
        foreach (string segment in Segments(copy)[..^1])
        {
            File.Delete(segment);
            File.Delete(Path.ChangeExtension(segment, ".index"));
        }

        // The newest segment starts before the older checkpoint, so that one more record of it makes the difference.
        string last = Segments(copy)[^1];
        long start = long.Parse(Path.GetFileNameWithoutExtension(last), null);
        (VerifySummary summary, _) = await VerifyAsync(copy, repair: true);
        Assert.Equal(start <= DataTemplate.Payments - 4, summary.AsideDirectory is not null);
    }

    private static void DamageManyThings(string copy)
    {
        Flip(Manifests(copy)[^1], 30, 8);
        Flip(Path.ChangeExtension(Segments(copy)[1], ".index"), 5, 8);
        foreach (string path in (string[])["format.new", "log/payments/~topic.json.new", "checkpoints/_aside/w",
            "log/payments/0/00000000000000000007.index", "checkpoints/segments/00000000000000000001-77"])
        {
            File.WriteAllText(Path.Combine(copy, path), path);
        }
    }

    private static async Task RequireStateAsync(string directory)
    {
        await using EmbeddedHost host = await StartAsync(directory);
        await host.Progress[0].WaitForAsync(DataTemplate.Payments - 1, CancellationToken.None);
        Assert.Empty(host.Progress[0].Gaps);
        Assert.Equal(DataTemplate.Counts(), await CountsAsync(host));
    }
}
