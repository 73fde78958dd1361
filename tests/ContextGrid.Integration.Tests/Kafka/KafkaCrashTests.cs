using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// SIGKILL of server, broker and both under load: every committed record counts once, an aborted one never, and every
/// answer was honest. CONTEXTGRID_SEED runs another seed, CONTEXTGRID_KILLS another number of kills;
/// load-tests/soak.sh --kafka runs many.
/// </summary>
public sealed class KafkaCrashTests : IDisposable
{
    private readonly GridFolder _grid = new(CrashGrid.Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public Task Kill_ServerAndBrokerUnderLoad_CommittedRecordsCountOnceAndAbortedOnesNever() =>
        RunAsync(kills: 20, line => TestContext.Current.TestOutputHelper?.WriteLine(line));

    /// <summary>The same with progress on the console; it runs only when it is asked for.</summary>
    [Fact(Explicit = true)]
    public Task Soak_ManyKills_CommittedRecordsCountOnce() => RunAsync(kills: 200, Console.WriteLine);

    private async Task RunAsync(int kills, Action<string> say)
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await using var rig = new KafkaCrashRig(_grid, broker, SoakNumber.Seed(1), say);
        await rig.RunAsync(SoakNumber.Kills(kills));
        say(rig.Report.ToString());
    }
}
