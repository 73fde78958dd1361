using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Faults.Damage;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>
/// Files of the log are damaged while no server runs: what can be made anew is, and where a record is lost nothing goes
/// on as if it were not.
/// </summary>
public sealed class LogDamageTests(DamagedGrid made) : IClassFixture<DamagedGrid>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly GridFolder _grid = made.Copy();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Log_IndexIsDamaged_IsMadeAnew()
    {
        foreach (string index in Directory.GetFiles(Ticks, "*.index", SearchOption.AllDirectories))
        {
            File.WriteAllBytes(index, [.. Enumerable.Repeat((byte)0x5a, 1_000)]);
        }

        await made.StartsAndIsWholeAsync(_grid, "put aside", "--rebuild");
    }

    [Fact]
    public async Task Log_HeaderIsDamaged_IsRefused()
    {
        string segment = LogSegment();
        FileDamage.Flip(segment, 3);
        DamagedGrid.Refused(await _grid.RunAsync(), segment, "damaged", "Restore the file from a copy");
    }

    /// <summary>State from a checkpoint goes on; state from the log alone stops there, and says so.</summary>
    [Fact]
    public async Task Log_RecordInTheMiddleIsDamaged_StopsTheRebuildThereAndSaysSo()
    {
        string segment = LogSegment();
        FileDamage.Flip(segment, new FileInfo(segment).Length / 3);
        await using (ServerProcess server = await _grid.StartAsync())
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await made.ReadAllAsync(client);
            await server.KillAsync();
        }

        await using ServerProcess rebuilt = await _grid.StartAsync("--rebuild");
        using ContextGridClient reader = GridFolder.Connect(rebuilt);
        using var limit = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        GetStatusResponse status;
        while (!(status = await reader.GetStatusAsync()).NotReadyReason.Contains("Stopped", StringComparison.Ordinal))
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }

        Assert.False(status.Ready);
        Assert.Contains(Path.GetFileName(segment), status.NotReadyReason, StringComparison.Ordinal);
        ContextResult answer = await reader.GetAsync(new ContextRequest { Entities = DamagedGrid.Everybody });
        Assert.Contains(answer.Entities, e => e["ticks"].Status == FeatureStatus.Rebuilding);
        Assert.Contains(answer.Sources, s => s.LagRecords > 0);
    }

    /// <summary>The end of a log cannot be told from a write that a crash has torn, so it is cut, and that is said.
    /// </summary>
    [Fact]
    public async Task Log_TailIsDamaged_IsCutAndSaid()
    {
        string segment = LogSegment();
        FileDamage.Flip(segment, new FileInfo(segment).Length - 1);
        await using ServerProcess server = await _grid.StartAsync();
        await server.WaitUntilReadyAsync(Patience);
        Assert.Contains(segment, server.Output, StringComparison.Ordinal);
        Assert.Contains("cut ", server.Output, StringComparison.Ordinal);
    }

    private string Ticks => Path.Combine(_grid.Data, "log", "ticks");

    private string LogSegment() =>
        Directory.GetFiles(Ticks, "*.log", SearchOption.AllDirectories).MaxBy(f => new FileInfo(f).Length)
        ?? throw new InvalidOperationException("There is no log.");
}
