using System.Text;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Ingestion;
using static ContextGrid.Runtime.Tests.DeadLetters.DeadLetterFixture;

namespace ContextGrid.Runtime.Tests.DeadLetters;

public sealed class DeadLetterServiceTests : IAsyncDisposable
{
    private readonly DeadLetterFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Retry_Edited_GoesBackWithItsKeyTimeHeadersAndOrigin()
    {
        long[] ids = await _fixture.WriteAsync(Letter(7));
        RetryOutcome outcome = await RetryAsync(_fixture.NewService(), ids[0], Good);
        Assert.Equal((RetryResult.Waiting, "payments", 1), (outcome.Result, outcome.Topic, outcome.Position.Partition));
        Assert.Equal(
            [$"1@0 u1 {Good} trace=abc contextgrid.retry.of={ids[0]} contextgrid.retry.source=payments/1@7"],
            await _fixture.PaymentsAsync());
        DeadLetterEntry? entry = await _fixture.NewService().GetAsync(ids[0], default);
        Assert.Equal((LetterState.Retried, outcome.Position), (entry?.State, entry?.Mark?.Target));
        Assert.Equal(Bad, Encoding.UTF8.GetString(entry!.Letter.Value.Span)); // It was found just above.
    }

    [Fact]
    public async Task Retry_StillBad_IsRefusedWithTheDecodersMessageAndStaysOpen()
    {
        long[] ids = await _fixture.WriteAsync(Letter(7));
        DeadLetterService service = _fixture.NewService();
        RetryOutcome outcome = await RetryAsync(service, ids[0], null);
        Assert.Equal((RetryResult.Refused, "wrong_type"), (outcome.Result, outcome.Reason));
        Assert.Contains("items", outcome.Message, StringComparison.Ordinal);
        Assert.Equal(LetterState.Open, (await service.GetAsync(ids[0], default))?.State);
        Assert.Empty(await _fixture.PaymentsAsync());
    }

    [Fact]
    public async Task Retry_TwoCallsOfOneProcessAtATime_OneWinsAndTheOtherIsTold()
    {
        long[] ids = await _fixture.WriteAsync(Letter(7));
        DeadLetterService service = _fixture.NewService();
        RetryOutcome[] outcomes = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => Task.Run(() => RetryAsync(service, ids[0], Good))));
        Assert.Single(outcomes, o => o.Result == RetryResult.Waiting);
        Assert.Equal(7, outcomes.Count(o => o.Reason == "already_retried"));
        Assert.Single(outcomes.Select(o => o.Position).Distinct());
        Assert.Single(await _fixture.PaymentsAsync());
    }

    [Fact]
    public async Task Retry_RefusedAtPublish_GoesWherePublishPutsIt()
    {
        DeadLetter refused = Letter(-1) with { Source = new TopicPartition("payments", -1), Key = default };
        long[] ids = await _fixture.WriteAsync(refused, Letter(-1) with { Source = new("payments", -1) });
        DeadLetterService service = _fixture.NewService();
        await RetryAsync(service, ids[0], Good);
        await RetryAsync(service, ids[1], Good.Replace("\"p\"", "\"q\"", StringComparison.Ordinal));
        int partition = Murmur2.PartitionFor("u1"u8, 2);
        List<string> payments = await _fixture.PaymentsAsync();
        Assert.Equal(2, payments.Count);
        Assert.StartsWith($"{partition}@0 u1 ", payments[0], StringComparison.Ordinal);
        Assert.StartsWith($"{partition}@0 u1 ", payments[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_WhatCanNotBeRetried_SaysWhy()
    {
        long[] ids = await _fixture.WriteAsync(
            Letter(1, Good, "id_conflict"),
            Letter(2) with { Source = new TopicPartition("gone", 0) },
            Letter(3, new string(' ', (1 << 20) + 1), "too_large"),
            Letter(4, Good));
        DeadLetterService service = _fixture.NewService();
        IReadOnlyList<RetryOutcome> outcomes = await service.RetryAsync(
            [.. ids.Append(99).Append(ids[3]).Select(i => new RetryItem(i))], dryRun: true, default);
        Assert.Equal(
            ["id_conflict", "unknown_topic", "value_cut", "", "unknown_dead_letter", "named_twice"],
            outcomes.Select(o => o.Reason));
        Assert.Equal(RetryResult.Valid, outcomes[3].Result);
        Assert.Empty(await _fixture.PaymentsAsync());
        Assert.Equal(4, (await service.CountAsync(default)).Open);
    }

    [Fact]
    public async Task Discard_Letters_KeepsThemAndTheNoteAndLetsThemBeRetriedByNumber()
    {
        long[] ids = await _fixture.WriteAsync(Letter(1), Letter(2));
        DeadLetterService service = _fixture.NewService();
        IReadOnlyList<DiscardOutcome> outcomes =
            await service.DiscardAsync([ids[0], ids[0], 99], "test data", default);
        Assert.Equal(["", "named_twice", "unknown_dead_letter"], outcomes.Select(o => o.Reason));
        Assert.Equal("already_discarded", Assert.Single(await service.DiscardAsync([ids[0]], "", default)).Reason);
        DeadLetterEntry? entry = await _fixture.NewService().GetAsync(ids[0], default);
        Assert.Equal((LetterState.Discarded, "test data"), (entry?.State, entry?.Mark?.Note));
        Assert.Equal([ids[1]], await ListAsync(service, new DeadLetterFilter()));
        Assert.Equal(RetryResult.Waiting, (await RetryAsync(service, ids[0], Good)).Result);
    }

    [Fact]
    public async Task List_Filters_AndPagesGiveEveryLetterOnce()
    {
        long[] ids = await _fixture.WriteAsync(Enumerable.Range(0, 600).Select(
            i => Letter(i, i == 77 ? "needle" : Bad, i % 100 == 0 ? "rare" : "common")));
        DeadLetterService service = _fixture.NewService();
        await service.DiscardAsync([ids[300]], "", default);
        var rare = new DeadLetterFilter { Reason = "rare", Topic = "payments" };
        Assert.Equal([500L, 400, 200, 100, 0], await ListAsync(service, rare));
        Assert.Equal([500L, 400, 200, 100, 0], await ListAsync(_fixture.NewService(), rare, limit: 2));
        Assert.Equal([300L], await ListAsync(service, rare with { States = LetterStates.Of(LetterState.Discarded) }));
        Assert.Equal([77L], await ListAsync(service, new DeadLetterFilter { Contains = "needle"u8.ToArray() }));
        Assert.Empty(await ListAsync(service, new DeadLetterFilter { Topic = "logins" }));
        long nowMs = Ingestion.TestRecords.NowMs;
        Assert.Equal(
            [12L, 11, 10],
            await ListAsync(service, new DeadLetterFilter { SinceMs = nowMs + 10, UntilMs = nowMs + 13 }));
        Assert.Equal((599, 1, 600), Of(await service.CountAsync(default)));
    }

    [Fact]
    public async Task Index_SameRecordTwice_IsOneLetterAlsoAfterItsRetry()
    {
        long[] ids = await _fixture.WriteAsync(Letter(7), Letter(9), Letter(7), Letter(8));
        DeadLetterService service = _fixture.NewService();
        Assert.Equal([ids[3], ids[1], ids[0]], await ListAsync(service, new DeadLetterFilter()));
        Assert.Equal("same_record", (await RetryAsync(service, ids[2], Good)).Reason);
        await RetryAsync(service, ids[0], Good);
        ids = await _fixture.WriteAsync(Letter(7));
        Assert.Equal("same_record", (await RetryAsync(service, ids[0], Good)).Reason);
        Assert.Equal("same_record", (await RetryAsync(_fixture.NewService(), ids[0], Good)).Reason);
        Assert.Single(await _fixture.PaymentsAsync());
    }

    internal static async Task<RetryOutcome> RetryAsync(DeadLetterService service, long id, string? payload)
    {
        var item = new RetryItem(id, payload is null ? null : Encoding.UTF8.GetBytes(payload));
        return Assert.Single(await service.RetryAsync([item], dryRun: false, default));
    }

    private static (long Open, long Discarded, long Total) Of(DeadLetterCounts counts) =>
        (counts.Open, counts.Discarded, counts.Total);

    private static async Task<List<long>> ListAsync(
        DeadLetterService service, DeadLetterFilter filter, int limit = 1000)
    {
        var found = new List<long>();
        long? before = null;
        do
        {
            DeadLetterPage page = await service.ListAsync(filter, before, limit, default);
            found.AddRange(page.Entries.Select(e => e.Id));
            before = page.NextBefore;
        }
        while (before is not null);
        return found;
    }
}
