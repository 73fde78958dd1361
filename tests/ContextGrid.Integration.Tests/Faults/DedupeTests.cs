using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>Producers' ids: a retry counts once, whatever happened to the server between the two.</summary>
public sealed class DedupeTests : IDisposable
{
    private static readonly long NowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Publish_SameIdAcrossStopAndKill_CountsOnce()
    {
        await using (ServerProcess first = await _grid.StartAsync())
        {
            EntityResult user = await PublishAsync(first, Payment("p1", 5), Payment("p1", 5), Payment("p2", 7));
            Assert.Equal((2, 12), (user["payments"].AsInt64, user["items"].AsInt64));
            await CheckCountersAsync(first, duplicates: 1, conflicts: 0);
            Assert.Equal(0, await first.TerminateAsync(TimeSpan.FromSeconds(20)));
        }

        await using (ServerProcess second = await _grid.StartAsync("--checkpoint-interval", "3600"))
        {
            EntityResult user = await PublishAsync(second, Payment("p1", 5), Payment("p3", 1));
            Assert.Equal((3, 13), (user["payments"].AsInt64, user["items"].AsInt64));
            await CheckCountersAsync(second, duplicates: 1, conflicts: 0);
            await second.KillAsync();
        }

        await using ServerProcess third = await _grid.StartAsync();
        EntityResult found = await PublishAsync(third, Payment("p1", 5), Payment("p2", 7), Payment("p3", 1));
        Assert.Equal((3, 13), (found["payments"].AsInt64, found["items"].AsInt64));
    }

    [Fact]
    public async Task Publish_SameIdWithOtherContent_IsAConflictAmongTheDeadLetters()
    {
        await using ServerProcess server = await _grid.StartAsync();
        EntityResult user = await PublishAsync(server, Payment("p1", 5), Payment("p1", 500), Payment("p1", 5));
        Assert.Equal((1, 5), (user["payments"].AsInt64, user["items"].AsInt64));
        await CheckCountersAsync(server, duplicates: 1, conflicts: 1);
        using ContextGridClient client = GridFolder.Connect(server);
        ListDeadLettersResponse letters = await client.ListDeadLettersAsync(10, "payments", "id_conflict");
        DeadLetter letter = await client.GetDeadLetterAsync(Assert.Single(letters.DeadLetters).Id);
        Assert.Equal(1, letter.Source.Offset);
        Assert.Equal(Payment("p1", 500), letter.Payload.ToStringUtf8());
        Assert.Contains("payment_id", letter.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_SameIdAfterTheHorizon_CountsAgain()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        const long Minute = 60_000;
        PublishResult result = await client.PublishAsync(
            "payments",
            [
                GridFolder.Event(Payment("p1", 5), NowMs - (30 * Minute)),
                GridFolder.Event(Payment("p1", 5), NowMs - (21 * Minute)),
                GridFolder.Event(Payment("p1", 5), NowMs),
            ]);
        EntityResult user = await GridFolder.ReadAsync(client, "u1", result.Positions);
        Assert.Equal((2, 10), (user["payments"].AsInt64, user["items"].AsInt64));
        await CheckCountersAsync(server, duplicates: 1, conflicts: 0);
    }

    private static async Task<EntityResult> PublishAsync(ServerProcess server, params string[] events)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        PublishResult result = await client.PublishAsync("payments", events);
        Assert.Equal(events.Length, result.Accepted);
        return await GridFolder.ReadAsync(client, "u1", result.Positions);
    }

    private static async Task CheckCountersAsync(ServerProcess server, long duplicates, long conflicts)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        GetStatusResponse status = await client.GetStatusAsync();
        Assert.Equal(
            (duplicates, conflicts), (status.Counters["events_duplicate"], status.Counters["events_id_conflict"]));
    }

    private static string Payment(string id, int items) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"payment_id":"{{id}}","user_id":"u1","items":{{items}},"ts":{{NowMs - 3_600_000}}}""");
}
