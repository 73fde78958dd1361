using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>
/// SIGKILL at seeded moments under load from several writers, again and again on one directory: every acknowledged
/// event counts exactly once. CONTEXTGRID_SEED runs another seed.
/// </summary>
public sealed class CrashTests : IDisposable
{
    private const int Crashes = 4;

    private readonly GridFolder _grid = new();
    private readonly int _seed = int.Parse(
        Environment.GetEnvironmentVariable("CONTEXTGRID_SEED") ?? "20", CultureInfo.InvariantCulture);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Kill_UnderLoad_AcknowledgedEventsCountExactlyOnce()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"CONTEXTGRID_SEED={_seed}");
        var random = new Random(_seed);
        CrashWriter[] writers =
            [.. Enumerable.Range(0, 4).Select(i => new CrashWriter($"w{i}", i % 2 == 0, _seed + i))];
        for (int crash = 0; crash < Crashes; crash++)
        {
            await using ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "1");
            using ContextGridClient client = GridFolder.Connect(server);
            await CheckHonestyAsync(client, writers);
            await LoadUntilKilledAsync(server, client, writers, batches: random.Next(20, 400));
        }

        await using ServerProcess last = await _grid.StartAsync();
        using ContextGridClient reader = GridFolder.Connect(last);
        await CheckHonestyAsync(reader, writers);
        foreach (CrashWriter writer in writers)
        {
            await writer.SettleAsync(reader);
            await CheckAllAsync(reader, writer);
        }

        Assert.Equal(0, await last.TerminateAsync(TimeSpan.FromSeconds(20)));
        await using ServerProcess again = await _grid.StartAsync();
        using ContextGridClient final = GridFolder.Connect(again);
        foreach (CrashWriter writer in writers)
        {
            await CheckAllAsync(final, writer);
        }

        GetStatusResponse status = await final.GetStatusAsync();
        Assert.Equal((0, 0), (status.DeadLetters, status.Counters["events_id_conflict"]));
    }

    private static async Task LoadUntilKilledAsync(
        ServerProcess server, ContextGridClient client, CrashWriter[] writers, int batches)
    {
        int seen = 0;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task[] running =
        [
            .. writers.Select(w => Task.Run(() => w.RunAsync(client, () =>
            {
                if (Interlocked.Increment(ref seen) == batches)
                {
                    enough.TrySetResult();
                }
            }))),
        ];
        Task ended = Task.WhenAny(running);
        await Task.WhenAny(enough.Task, ended).WaitAsync(TimeSpan.FromMinutes(1));
        await server.KillAsync();
        await Task.WhenAll(running);
        Assert.True(enough.Task.IsCompleted, "A writer gave up before the server was killed:\n" + server.Output);
    }

    /// <summary>From the first answer on the server says what it has not applied yet.</summary>
    private static async Task CheckHonestyAsync(ContextGridClient client, CrashWriter[] writers)
    {
        GetStatusResponse status = await client.GetStatusAsync();
        foreach (SourceStatus source in status.Sources)
        {
            foreach (SourcePosition written in writers.Where(w => w.Topic == source.Topic).SelectMany(w => w.Positions))
            {
                Assert.True(
                    written.Partition != source.Partition || source.AppliedOffset + source.LagRecords >= written.Offset,
                    $"{source} forgets {written}");
            }
        }

        foreach (CrashWriter writer in writers)
        {
            // Without a minimum an answer may be behind, and it says so; it never shows more than was published.
            foreach ((string user, UserLedger ledger) in writer.Ledgers.Take(2))
            {
                ContextResult result = await client.GetAsync(
                    new ContextRequest { Entities = [new EntityId("user", user)] });
                long count = (result.Entities[0]["payments"].AsInt64 ?? 0) + (result.Entities[0]["ticks"].AsInt64 ?? 0);
                bool behind = result.Sources.Any(s => s.LagRecords > 0 && s.LagMs > 0);
                Assert.True(behind || count >= ledger.Acknowledged.Count, $"{user} has {count} and seems caught up");
            }
        }
    }

    private static async Task CheckAllAsync(ContextGridClient client, CrashWriter writer)
    {
        foreach ((string user, UserLedger ledger) in writer.Ledgers)
        {
            EntityResult found = await GridFolder.ReadAsync(client, user, [.. writer.Positions]);
            ledger.Check(user, writer.Topic == "payments", found);
        }
    }
}
