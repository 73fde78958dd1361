using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// A real server on a real broker, both killed under load: every committed record counts once, an aborted one never.
/// </summary>
public sealed class KafkaCrashTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Kill_ServerAndBrokerUnderLoad_CommittedRecordsCountOnceAndAbortedOnesNever()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await broker.CreateTopicAsync("payments", 1);
        await broker.CreateTopicAsync("ticks", 4);
        string[] kafka = ["--kafka", broker.BootstrapServers, "--checkpoint-interval", "1"];
        await (await _grid.StartAsync(kafka)).DisposeAsync();
        using var ticks = new TickTransactions(broker.BootstrapServers, seed: 1);
        var random = new Random(2);
        for (int kill = 1; kill <= 8; kill++)
        {
            await using ServerProcess server = await _grid.StartAsync(kafka);
            Task load = Task.Run(() => ticks.Run(8));
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(2_000)));
            if (kill == 4)
            {
                await broker.KillAsync();
                await broker.RunAsync();
            }

            await server.KillAsync();
            await load;
        }

        await using ServerProcess last = await _grid.StartAsync(kafka);
        await last.WaitUntilReadyAsync(Limit);
        await CompareAsync(last, ticks);
        Assert.Equal(0, await last.TerminateAsync(Limit));
        await using ServerProcess rebuilt = await _grid.StartAsync([.. kafka, "--rebuild"]);
        await rebuilt.WaitUntilReadyAsync(Limit);
        await CompareAsync(rebuilt, ticks);
    }

    private static async Task CompareAsync(ServerProcess server, TickTransactions ticks)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        ContextResult result = await client.GetAsync(new ContextRequest
        {
            Entities = [.. ticks.Committed.Keys.Select(u => new EntityId("user", u))],
        });
        Assert.Equal(
            ticks.Committed.Select(c => $"{c.Key}: {c.Value.Count}, {c.Value.Sum}").Order(),
            result.Entities.Select(e => $"{e.Id.Key}: {e["ticks"].AsInt64}, {e["tick_sum"].AsInt64}").Order());
    }
}
