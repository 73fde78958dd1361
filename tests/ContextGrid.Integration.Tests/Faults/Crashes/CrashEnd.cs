using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>
/// The comparison after the last kill: what is unanswered is settled, then all state is compared with the oracle, as it
/// comes from checkpoint and log, and as it comes from the log alone.
/// </summary>
internal sealed class CrashEnd(
    GridFolder grid, CrashLedger ledger, CrashTruth truth, CrashCheck check, CrashLoad load)
{
    /// <summary>Further arguments of the servers.</summary>
    internal string[] More { get; init; } = [];

    /// <summary>Reads all records of the log anew.</summary>
    internal required Func<Task<IEnumerable<RawRecord>>> ReadLogAsync { get; init; }

    private const int EntitiesMax = 1_500;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Compares.</summary>
    /// <param name="compare">Compares what was told with the log's files.</param>
    /// <returns>How many entities were compared.</returns>
    internal async Task<int> CompareAsync(Func<CrashCheck, string, string, Task> compare)
    {
        string output;
        await using (ServerProcess first = await grid.StartAsync(["--checkpoint-interval", "1", .. More]))
        {
            using ContextGridClient client = GridFolder.Connect(first);
            await load.SettleAsync(client);
            Assert.Equal(0, await first.TerminateAsync(TimeSpan.FromSeconds(20)));
            output = first.Output;
        }

        await compare(check, "none, after all was settled", output);
        Assert.True(load.Watch.Violations.Count == 0, string.Join('\n', load.Watch.Violations.Take(20)));
        int entities;
        await using (ServerProcess second = await grid.StartAsync(More))
        {
            using ContextGridClient client = GridFolder.Connect(second);
            await second.WaitUntilReadyAsync(Patience);
            await load.Watch.CatchUpAsync(client, truth);
            Assert.Empty(load.Watch.Violations);
            entities = await CheckAllAsync(client, "from checkpoint and log");
            await second.KillAsync();
        }

        await using (ServerProcess third = await grid.StartAsync(["--rebuild", .. More]))
        {
            using ContextGridClient client = GridFolder.Connect(third);
            await third.WaitUntilReadyAsync(Patience);
            await CheckAllAsync(client, "from the log alone");
            Assert.Equal(0, await third.TerminateAsync(TimeSpan.FromSeconds(20)));
        }

        await compare(check, "none, at the end", "");
        await CheckLogAsync();
        return entities;
    }

    private async Task<int> CheckAllAsync(ContextGridClient client, string where)
    {
        IReadOnlyList<EntityId> known = ledger.Entities;
        EntityId[] entities = [.. known.Where((_, i) => i % ((known.Count / EntitiesMax) + 1) == 0)];
        IReadOnlyList<SourcePosition> after = ledger.Positions;
        var violations = new List<string>();
        foreach (EntityId[] chunk in entities.Chunk(50))
        {
            ContextResult result = await client.GetAsync(new ContextRequest { Entities = chunk, MinPosition = after });
            violations.AddRange(result.Entities
                .Select(e => new CrashAnswer(e, result.Sources, after))
                .SelectMany(check.Answer));
        }

        Assert.True(violations.Count == 0, where + ":\n" + string.Join('\n', violations.Take(10)));
        GetStatusResponse status = await client.GetStatusAsync();
        Assert.All(status.Sources, s => Assert.Equal((s.ToString(), 0), (s.ToString(), s.LagRecords)));
        return entities.Length;
    }

    /// <summary>The log still says what it said after each kill, and its dead letters are all there.</summary>
    private async Task CheckLogAsync()
    {
        Assert.Empty(check.DeadLetters());
        long records = 0;
        foreach (RawRecord record in await ReadLogAsync())
        {
            records++;
            Assert.True(
                truth.StandsAt(record.Topic, record.Partition, record.Offset, [record.Value]),
                $"{record} stood otherwise in the log after an earlier kill");
        }

        Assert.Equal(truth.Records, records);
    }
}
