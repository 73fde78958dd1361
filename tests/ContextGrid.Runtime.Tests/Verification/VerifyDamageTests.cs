using ContextGrid.Runtime.Verification;
using static ContextGrid.Runtime.Tests.Verification.DataFiles;
using static ContextGrid.Runtime.Tests.Verification.DataTemplate;

namespace ContextGrid.Runtime.Tests.Verification;

/// <summary>Every kind of damage is found, named with its place, and told apart from what a crash leaves.</summary>
public sealed class VerifyDamageTests(DataTemplate data) : IClassFixture<DataTemplate>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Verify_WholeDirectory_IsSound(bool withDefinitions)
    {
        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(
            data.Copy(), withDefinitions: withDefinitions);
        Assert.True(summary.IsSound, string.Join('\n', findings));
        Assert.Contains($"{Payments} records, offsets 0 to {Payments - 1}", All(findings), StringComparison.Ordinal);
        Assert.Contains("applies 0 records", summary.NextStart, StringComparison.Ordinal);
        Assert.True(summary.Bytes > 10_000);
    }

    [Fact]
    public async Task Verify_ServerHasItOpen_SaysWhichProcess()
    {
        string copy = data.Copy();
        await using var host = await StartAsync(copy);
        var e = await Assert.ThrowsAsync<VerifyException>(() => VerifyAsync(copy));
        Assert.False(e.IsWrongUse);
        Assert.Contains($"in use by a server (process {Environment.ProcessId})", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_NoDataDirectory_IsWrongUse()
    {
        string empty = Directory.CreateDirectory(data.Copy() + "-empty").FullName;
        Assert.True((await Assert.ThrowsAsync<VerifyException>(() => VerifyAsync(empty))).IsWrongUse);
        Assert.True((await Assert.ThrowsAsync<VerifyException>(() => VerifyAsync(empty + "-no"))).IsWrongUse);
    }

    [Fact]
    public async Task Verify_RecordInTheMiddleOfTheLog_NamesSegmentByteAndOffset()
    {
        string copy = data.Copy(), segment = Segments(copy)[1];
        Flip(segment, 32 + 40, 1);
        Finding error = await OnlyErrorAsync(copy);
        long first = long.Parse(Path.GetFileNameWithoutExtension(segment), null);
        Assert.Equal(($"log/payments/0/{Path.GetFileName(segment)}", 32L), (error.File, error.Offset));
        Assert.Contains($"the records at offset {first} can't be read", error.What, StringComparison.Ordinal);
        Assert.Contains($"stops at offset {first}", error.AtStart, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_SegmentsHeader_SaysThatAStartIsRefused()
    {
        string copy = data.Copy();
        Flip(Segments(copy)[1], 20, 1);
        (_, List<Finding> findings) = await VerifyAsync(copy);
        Assert.Contains(findings, f => f is { Severity: FindingSeverity.Error, AtStart: "A start is refused." });
        await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(copy));
    }

    [Fact]
    public async Task Verify_MiddleSegmentIsGone_NamesTheOffsets()
    {
        string copy = data.Copy(), gone = Segments(copy)[2], next = Segments(copy)[3];
        File.Delete(gone);
        Finding error = await OnlyErrorAsync(copy);
        long first = long.Parse(Path.GetFileNameWithoutExtension(gone), null);
        long after = long.Parse(Path.GetFileNameWithoutExtension(next), null);
        Assert.Contains($"The offsets {first} to {after - 1} before it are missing", error.What);
    }

    [Fact]
    public async Task Verify_LogIsShorterThanTheCheckpoint_SaysThatAStartIsRefused()
    {
        string copy = data.Copy();
        File.Delete(Segments(copy)[^1]);
        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy);
        Assert.Contains(findings, f => f.What.Contains($"up to offset {Payments}, but the log ends at"));
        Assert.Contains("refused", summary.NextStart, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ContextGrid.Runtime.Embedded.HostStartException>(() => StartAsync(copy));
    }

    [Fact]
    public async Task Verify_LogLostWhatAnEntityReflects_NamesTheEntity()
    {
        // The oldest checkpoint alone, whose positions the cut log still has, with segments of a newer one.
        string copy = data.Copy();
        string newest = Manifests(copy)[^1];
        File.Delete(Segments(copy)[^1]);
        (_, List<Finding> findings) = await VerifyAsync(copy);
        Assert.Contains(findings, f => f.What.Contains("whose log ends at", StringComparison.Ordinal)
            && f.What.Contains(Path.GetFileName(newest), StringComparison.Ordinal));
        (_, findings) = await VerifyAsync(copy, withDefinitions: false);
        Assert.DoesNotContain(findings, f => f.What.Contains("whose log ends at", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task Verify_LastWriteIsCutShort_IsOnlyWhatACrashLeaves(int bytes)
    {
        // A record that no checkpoint reflects: the dead letters are not a source.
        string copy = data.Copy(), segment = Path.Combine(copy, "log/dead-letters/0/00000000000000000000.log");
        using (FileStream file = File.OpenWrite(segment))
        {
            file.SetLength(file.Length - bytes);
        }

        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy);
        Assert.True(summary.IsSound, All(findings));
        Assert.Contains("A write was interrupted here", All(findings), StringComparison.Ordinal);
        await using var host = await StartAsync(copy);
        Assert.Contains(host.Recovered, r => r.Contains("cut", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Verify_LastCommitIsDamaged_IsAWarningSinceItMayHaveBeenAcknowledged()
    {
        string copy = data.Copy(), segment = Path.Combine(copy, "log/dead-letters/0/00000000000000000000.log");
        Flip(segment, new FileInfo(segment).Length - 5, 4);
        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy);
        Assert.Equal((0, 1), (summary.Errors, summary.Warnings));
        Assert.Contains("damaged after it was acknowledged", All(findings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_NewestManifestIsDamaged_SaysWhichOlderOneIsTaken()
    {
        string copy = data.Copy();
        string[] manifests = Manifests(copy);
        Flip(manifests[^1], 30, 8);
        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy);
        Assert.Equal((0, 1), (summary.Errors, summary.Warnings));
        Finding warning = findings.Single(f => f.Severity == FindingSeverity.Warning);
        Assert.Contains($"so that manifests/00000003/{Path.GetFileName(manifests[^2])} is taken", warning.Remedy);
        Assert.Contains("passes over", warning.AtStart, StringComparison.Ordinal);
        Assert.Contains("applies 4 records", summary.NextStart, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_RecordOfTheOldestSegment_SaysThatAStartTakesItWithTheDamage()
    {
        string copy = data.Copy();
        Flip(CheckpointSegments(copy)[0], 60, 8);
        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy);
        Assert.False(summary.IsSound);
        Assert.Contains(findings, f => f.AtStart.Contains("an event for it stops", StringComparison.Ordinal));
        Assert.Contains("with its damaged entities", summary.NextStart, StringComparison.Ordinal);
        await using var host = await StartAsync(copy);
    }

    [Fact]
    public async Task Verify_OtherDefinitions_NamesTheEntity()
    {
        string copy = data.Copy();
        var other = ContextGrid.Runtime.Codecs.DefinitionFiles.Parse("test.yaml", """
            version: 1
            events: {payment: {topic: payments, fields: {user_id: string}}}
            entities: {user: {from: {payment: user_id}, features: {n: payment | count()}}}

            """).Set;
        var findings = new List<Finding>();
        await DataVerifier.RunAsync(
            new VerifyOptions { Directory = copy, Definitions = other }, TimeProvider.System, findings.Add, default);
        Assert.Contains("entity 'user' was not built with these definitions", All(findings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_StrangersAndLeftovers_AreNamed()
    {
        string copy = data.Copy();
        string[] strangers = ["notes.txt", "log/x", "log/payments/0/y", "checkpoints/z", "checkpoints/segments/q"];
        string[] leftovers = ["format.new", "log/payments/~topic.json.new", "log/payments/0/00000000000000000007.index",
            "checkpoints/_aside/w", "checkpoints/segments/00000000000000000001-77"];
        foreach (string path in strangers.Concat(leftovers))
        {
            File.WriteAllText(Path.Combine(copy, path), "");
        }

        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy);
        Assert.Equal(strangers.Length, summary.Warnings);
        Assert.Equal(strangers.Order(), Of(FindingSeverity.Warning));
        Assert.Equal(leftovers.Order(), Of(FindingSeverity.Info));

        IEnumerable<string> Of(FindingSeverity severity) =>
            findings.Where(f => f.Severity == severity).Select(f => f.File).Order();
    }

    private static async Task<Finding> OnlyErrorAsync(string directory)
    {
        (_, List<Finding> findings) = await VerifyAsync(directory);
        Assert.True(findings.Count(f => f.Severity == FindingSeverity.Error) == 1, All(findings));
        return findings.Single(f => f.Severity == FindingSeverity.Error);
    }
}
