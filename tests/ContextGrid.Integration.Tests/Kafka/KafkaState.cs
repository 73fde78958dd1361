using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Integration.Tests.Faults.Crashes;
using ContextGrid.Runtime.Codecs;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>Compares all state of a server with what an oracle makes of the committed records, read back by kcat.
/// </summary>
/// <param name="grid">With <see cref="CrashGrid.Definitions"/>.</param>
/// <param name="bootstrapServers">The broker, without a proxy.</param>
internal sealed class KafkaState(GridFolder grid, string bootstrapServers)
{
    /// <summary>Which records are no events; default: none.</summary>
    internal Func<RawRecord, bool> IsPoison { get; init; } = _ => false;

    /// <summary>Waits until the server has everything that is committed now, and compares.</summary>
    /// <returns>What is true.</returns>
    internal async Task<CrashTruth> CompareAsync(ServerProcess server)
    {
        DefinitionSet definitions = GridFolder.ReadDefinitions(grid.Definitions);
        var truth = new CrashTruth(isDense: false);
        var check = new CrashCheck(truth, new CrashLedger(seed: 1), definitions);
        var last = new Dictionary<(string, int), SourcePosition>();
        foreach (RawRecord record in await KafkaTopics.ReadAsync(bootstrapServers, CrashGrid.Payments, CrashGrid.Ticks))
        {
            last[(record.Topic, record.Partition)] = new SourcePosition
            {
                Topic = record.Topic, Partition = record.Partition, Offset = record.Offset,
            };
            if (!IsPoison(record))
            {
                truth.Take(record);
            }
        }

        Assert.NotEmpty(truth.Entities);
        using ContextGridClient client = GridFolder.Connect(server);
        SourcePosition[] all = [.. last.Values];
        var violations = new List<string>();
        foreach (EntityId[] chunk in truth.Entities.Chunk(50))
        {
            ContextResult result = await GetAsync(server, client, chunk, all);
            violations.AddRange(result.Entities
                .Select(e => new CrashAnswer(e, result.Sources, all))
                .SelectMany(check.Answer));
        }

        Assert.True(violations.Count == 0, string.Join('\n', violations.Take(10)) + "\n" + server.Output);
        return truth;
    }

    private static async Task<ContextResult> GetAsync(
        ServerProcess server, ContextGridClient client, EntityId[] entities, SourcePosition[] after)
    {
        try
        {
            return await client.GetAsync(new ContextRequest { Entities = entities, MinPosition = after });
        }
        catch (ContextGridException e)
        {
            throw new InvalidOperationException(
                $"{e.Message}\n{(await client.GetStatusAsync()).Sources}\n{server.Output}", e);
        }
    }
}
