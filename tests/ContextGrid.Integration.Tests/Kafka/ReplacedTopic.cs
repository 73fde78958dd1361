using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>What a server shows of a topic that does not hold what was applied of it.</summary>
internal static class ReplacedTopic
{
    /// <summary>Waits until a partition has stopped for a reason, and its gap is in status and answers.</summary>
    internal static async Task RequireStoppedAsync(
        ServerProcess server, string why, (long Payments, long First, long Last) shown)
    {
        using var http = new HttpClient { BaseAddress = server.Http };
        using ContextGridClient client = GridFolder.Connect(server);
        await server.WaitUntilAsync("stopped", TimeSpan.FromMinutes(1), async () =>
            (await (await http.GetAsync("/readyz")).Content.ReadAsStringAsync()).Contains(
                why, StringComparison.Ordinal));
        Assert.Equal(shown, await ReadAsync(client));
        OffsetGap gap = Assert.Single((await client.GetStatusAsync()).Sources).Gaps[^1];
        Assert.Equal((shown.First, shown.Last), (gap.First, gap.Last));
    }

    /// <summary>What is counted of the user u0, and the newest gap that the answer declares; −1: none.</summary>
    internal static async Task<(long Payments, long First, long Last)> ReadAsync(ContextGridClient client)
    {
        ContextResult result = await client.GetAsync(
            new ContextRequest { Entities = [new EntityId("user", "u0")] });
        OffsetGap? gap = Assert.Single(result.Sources).Gaps.LastOrDefault();
        return (result.Entities[0]["payments"].AsInt64 ?? 0, gap?.First ?? -1, gap?.Last ?? -1);
    }
}
