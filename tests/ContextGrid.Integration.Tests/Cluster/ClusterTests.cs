using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>
/// Three silos as real processes lose silos, networks and the members' table under load: nothing is lost or counted
/// twice, answers are honest, and come back. CONTEXTGRID_SEED runs another seed, CONTEXTGRID_KILLS another number of
/// faults; load-tests/soak.sh --cluster runs many.
/// </summary>
public sealed class ClusterTests : IDisposable
{
    private readonly GridFolder _grid = new(CrashGrid.Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public Task Faults_UnderLoad_NothingIsLostOrCountedTwice() => RunAsync(
        [ClusterFault.Rolling, ClusterFault.Kill],
        line => TestContext.Current.TestOutputHelper?.WriteLine(line));

    /// <summary>The same with progress on the console; it runs only when it is asked for.</summary>
    [Fact(Explicit = true)]
    public Task Soak_ManyFaults_NothingIsLostOrCountedTwice() => RunAsync(
        [
            .. Enumerable.Range(0, SoakNumber.Kills(50)).Select(i => i % 2 == 0
                ? ClusterFault.Kill
                : (ClusterFault)(i / 2 % Enum.GetValues<ClusterFault>().Length)),
        ],
        Console.WriteLine);

    private async Task RunAsync(ClusterFault[] faults, Action<string> say)
    {
        await using ClusterParts parts = await ClusterParts.StartAsync();
        await using var rig = new ClusterRig(_grid, parts, SoakNumber.Seed(1), say);
        await rig.RunAsync(faults);
        say(rig.Report.ToString());
    }
}
