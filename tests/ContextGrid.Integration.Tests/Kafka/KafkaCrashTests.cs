using System.Globalization;
using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// SIGKILL of server, broker and both under load: every committed record counts once, an aborted one never, and every
/// answer was honest. CONTEXTGRID_SEED runs another seed, CONTEXTGRID_KILLS another number of kills;
/// load-tests/soak-kafka.sh runs many.
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
        await using var rig = new KafkaCrashRig(_grid, broker, Number("CONTEXTGRID_SEED", 1), say);
        await rig.RunAsync(Number("CONTEXTGRID_KILLS", kills));
        say(rig.Report.ToString());
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number)
            ? number
            : otherwise;
}
