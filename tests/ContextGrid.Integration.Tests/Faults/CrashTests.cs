using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>
/// SIGKILL at seeded moments under load from several producers and consumers, again and again on one directory: every
/// acknowledged event counts exactly once, and every answer was honest. CONTEXTGRID_SEED runs another seed,
/// CONTEXTGRID_KILLS another number of kills; load-tests/soak.sh runs many.
/// </summary>
public sealed class CrashTests : IDisposable
{
    private readonly GridFolder _grid = new(CrashGrid.Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Kill_UnderLoad_AcknowledgedEventsCountExactlyOnce()
    {
        var rig = new CrashRig(_grid, SoakNumber.Seed(20), TimeProvider.System, Say);
        CrashReport report = await rig.RunAsync(SoakNumber.Kills(24));
        Say(report.ToString());
        Assert.True(
            report.Retries > 0 && report.Conflicts > 0 && report.DeadLetters > report.Conflicts, report.ToString());
    }

    /// <summary>The same with progress on the console; it runs only when it is asked for.</summary>
    [Fact(Explicit = true)]
    public async Task Soak_ManyKills_AcknowledgedEventsCountExactlyOnce()
    {
        var rig = new CrashRig(_grid, SoakNumber.Seed(20), TimeProvider.System, Console.WriteLine);
        CrashReport report = await rig.RunAsync(SoakNumber.Kills(500));
        Console.WriteLine(report);
        Console.WriteLine(report.ToJson());
    }

    private static void Say(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
