using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests.BadInput;

/// <summary>Real processes: dead letters that are retried with producers' ids.</summary>
public sealed class DeadLetterIdTests : IDisposable
{
    private static readonly long NowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Retry_IdThatIsTaken_IsReportedAsLeftOutOrAsADeadLetterAgain()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        string counted = BadEvents.Good("u1", NowMs, ",\"payment_id\":\"a\"");
        await client.PublishAsync("payments", counted);
        long[] ids = [.. (await KeepAsync(client, "{", "{", "{")).Select(r => r.DeadLetter.Offset)];
        string[] edits = [counted, counted.Replace("\"items\":1", "\"items\":2", StringComparison.Ordinal), "{}"];
        IReadOnlyList<DeadLetterRetryOutcome> outcomes = await client.RetryDeadLettersAsync(
            ids.Zip(edits, (id, edit) => new DeadLetterRetry { Id = id, Payload = ByteString.CopyFromUtf8(edit) }));
        Assert.Equal(
            [
                DeadLetterRetryResult.RetryDuplicate, DeadLetterRetryResult.RetryConflict,
                DeadLetterRetryResult.RetryRefused,
            ],
            outcomes.Select(o => o.Result));
        DeadLetter again = Assert.Single((await client.ListDeadLettersAsync(10, reason: "id_conflict")).DeadLetters);
        Assert.Equal(outcomes[1].Position, again.Source);
        DeadLetterRetryOutcome same = Assert.Single(
            await client.RetryDeadLettersAsync([new DeadLetterRetry { Id = again.Id }]));
        Assert.Equal("id_conflict", same.Reason);
        Assert.Equal(1, (await client.GetAsync("user", "u1"))["payments"].AsInt64);
        DeadLetter whole = await client.GetDeadLetterAsync(again.Id);
        Assert.Contains(whole.Headers, h => h.Name == "contextgrid.retry.of" && h.Value == $"{ids[1]}");
    }

    private static async Task<IReadOnlyList<RefusedEvent>> KeepAsync(ContextGridClient client, params string[] events)
    {
        PublishResult result = await client.PublishAsync(
            "payments", events.Select(e => GridFolder.Event(e)),
            new PublishOptions { Invalid = InvalidEvents.DeadLetter });
        return [.. result.Refused];
    }
}
