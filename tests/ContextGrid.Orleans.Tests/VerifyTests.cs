using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Verification;

namespace ContextGrid.Orleans.Tests;

/// <summary>The check of a directory where silos have their state: it knows what it is, and never has it moved.
/// </summary>
public sealed class VerifyTests
{
    [Fact]
    public async Task Run_StateThatSilosHaveLeft_IsSound()
    {
        await using var cluster = new ClusterFixture();
        await FillAsync(cluster);
        var findings = new List<Finding>();
        VerifySummary summary = await RunAsync(cluster.State, findings, cluster.Set);
        Assert.True(summary.IsSound, string.Join('\n', findings));
        Assert.Contains(findings, f => f.What == "definitions of a cluster's state: shop, user");
        Assert.Equal(
            "The next silos take the state of 256 shards, and read what came after it from the log again.",
            summary.NextStart);
        Assert.True(summary.Bytes > 1_000);
    }

    [Fact]
    public async Task Run_ClusterOfOneInItsDataDirectory_IsSoundAndNothingIsToBeMoved()
    {
        await using var cluster = new ClusterFixture();
        await FillAsync(cluster);
        string root = cluster.At("data");
        Directory.CreateDirectory(root);
        await File.WriteAllTextAsync(Path.Combine(root, "format"), "contextgrid data 1\n");
        Directory.Move(cluster.State, Path.Combine(root, "checkpoints"));
        Directory.CreateDirectory(Path.Combine(root, "log"));
        var findings = new List<Finding>();
        VerifySummary summary = await RunAsync(root, findings);
        Assert.True(summary.IsSound, string.Join('\n', findings));
        RequireNothingToMove(findings);
    }

    // As where --snapshots is data/cluster.
    [Fact]
    public async Task Run_DataDirectoryWithTheStateOfAClusterInIt_KnowsIt()
    {
        await using var cluster = new ClusterFixture();
        await FillAsync(cluster);
        string root = cluster.At("data");
        Directory.CreateDirectory(Path.Combine(root, "log"));
        Directory.CreateDirectory(Path.Combine(root, "demo"));
        await File.WriteAllTextAsync(Path.Combine(root, "format"), "contextgrid data 1\n");
        await File.WriteAllTextAsync(Path.Combine(root, "demo", "format"), "contextgrid data 1\n");
        Directory.Move(cluster.State, Path.Combine(root, "cluster"));
        var findings = new List<Finding>();
        VerifySummary summary = await RunAsync(root, findings);
        Assert.True(summary.IsSound, string.Join('\n', findings));
        Assert.Contains(findings, f => f is { File: "cluster", What: "It has the state of a cluster." });
        Assert.Contains(findings, f => f is { File: "demo", What: "It is a data directory of its own." });
        Assert.All(findings, f => Assert.DoesNotContain("Move it", f.Remedy, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_EachFileIsDamaged_IsAnErrorOrHarmlessAndNothingIsToBeMoved()
    {
        await using var cluster = new ClusterFixture();
        await FillAsync(cluster);
        int errors = 0;
        foreach (string path in Directory.GetFiles(cluster.State, "*", SearchOption.AllDirectories)
            .Where(f => new FileInfo(f).Length > 40))
        {
            byte[] content = await File.ReadAllBytesAsync(path);
            byte[] damaged = [.. content];
            damaged[damaged.Length / 2] ^= 0x55;
            await File.WriteAllBytesAsync(path, damaged);
            var findings = new List<Finding>();
            errors += (await RunAsync(cluster.State, findings)).IsSound ? 0 : 1;
            RequireNothingToMove(findings);
            await File.WriteAllBytesAsync(path, content);
        }

        Assert.True(errors > 4, $"{errors} damages were found.");
    }

    [Fact]
    public async Task Run_DefinitionsAreMissingOrOthers_IsAnErrorThatSaysSo()
    {
        await using var cluster = new ClusterFixture();
        await FillAsync(cluster);
        DefinitionSet other = DefinitionFiles.Parse(
            "other.yaml", ClusterFixture.Definitions.Replace("sum(n)", "max(n)", StringComparison.Ordinal)).Set!;
        var findings = new List<Finding>();
        Assert.Equal(1, (await RunAsync(cluster.State, findings, other)).Errors);
        Assert.Contains(findings, f => f.What.Contains(
            "'feature payment | sum(n)' is now 'feature payment | max(n)'", StringComparison.Ordinal));
        string path = Path.Combine(cluster.State, StoredDefinitions.BlobName);
        await File.WriteAllTextAsync(path, "something else");
        Assert.Equal(1, (await RunAsync(cluster.State, [])).Errors);
        File.Delete(path);
        Assert.Equal(1, (await RunAsync(cluster.State, [])).Errors);
    }

    [Fact]
    public async Task Run_Repair_IsRefusedAndMovesNothing()
    {
        await using var cluster = new ClusterFixture();
        await FillAsync(cluster);
        string[] before = Directory.GetFileSystemEntries(cluster.State, "*", SearchOption.AllDirectories);
        VerifyException refusal = await Assert.ThrowsAsync<VerifyException>(() => DataVerifier.RunAsync(
            new VerifyOptions { Directory = cluster.State, Repair = true }, TimeProvider.System, _ => { },
            CancellationToken.None));
        Assert.Contains("of which nothing may be moved", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFileSystemEntries(cluster.State, "*", SearchOption.AllDirectories));
    }

    private static void RequireNothingToMove(List<Finding> findings) => Assert.All(findings, f =>
    {
        Assert.DoesNotContain("ove it", f.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("--repair", f.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("--rebuild", f.Remedy, StringComparison.Ordinal);
    });

    private static async Task FillAsync(ClusterFixture cluster)
    {
        await cluster.PublishAsync(users: 100, events: 400);
        await using SiloHost silo = await cluster.StartAsync();
        await cluster.RequireAsync(silo);
    }

    private static Task<VerifySummary> RunAsync(
        string directory, List<Finding> findings, DefinitionSet? definitions = null) => DataVerifier.RunAsync(
            new VerifyOptions { Directory = directory, Definitions = definitions }, TimeProvider.System, findings.Add,
            CancellationToken.None);
}
