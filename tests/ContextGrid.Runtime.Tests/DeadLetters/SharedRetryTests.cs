using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Demo;
using static ContextGrid.Runtime.Tests.DeadLetters.DeadLetterFixture;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.DeadLetters;

/// <summary>Several processes decide about the letters of one topic: each letter counts once (I6).</summary>
public sealed class SharedRetryTests
{
    [Fact]
    public async Task Retry_AtThreeProcessesAtOnce_EachLetterIsAppendedOnce()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 20; round++)
        {
            await using var fixture = new DeadLetterFixture();
            long[] ids = await fixture.WriteAsync(Enumerable.Range(0, 30).Select(i => Letter(100 + i)));
            SharedLog Shared() => new(fixture.Log, new Random(random.Next()));
            DeadLetterService[] services = [.. Enumerable.Range(0, 3).Select(_ => fixture.NewService(Shared()))];
            IReadOnlyList<RetryOutcome>[] all = await Task.WhenAll(services.Select(
                d => Task.Run(async () => await d.RetryAsync([.. ids.Select(Item)], dryRun: false, default))));
            List<string> payments = await fixture.PaymentsAsync();
            Assert.True(payments.Count == ids.Length, $"Seed {seed}, round {round}: {payments.Count} records.");
            Assert.All(ids, id => Assert.Single(
                payments, p => p.Contains($"retry.of={id} ", StringComparison.Ordinal)));
            Assert.All(ids, id => Assert.Single(
                all.SelectMany(o => o), o => o.Letter == id && o.Result == RetryResult.Waiting));
            Assert.All(
                all.SelectMany(o => o).Where(o => o.Result == RetryResult.Refused),
                o => Assert.Contains(o.Reason, (string[])["decided_elsewhere", "already_retried"]));
            DeadLetterCounts counts = await fixture.NewService().CountAsync(default);
            Assert.Equal((0, 0, ids.Length), (counts.Open, counts.Retrying, counts.Retried));
        }
    }

    [Fact]
    public async Task Retry_AnotherProcessIsInTheMiddle_IsRefusedAndNamesIt()
    {
        await using var fixture = new DeadLetterFixture();
        long[] ids = await fixture.WriteAsync(Letter(7));
        (Task<IReadOnlyList<RetryOutcome>> slow, SharedLog log) = await BeginAsync(fixture, ids);
        DeadLetterService other = fixture.NewService(new SharedLog(fixture.Log));
        RetryOutcome refused = Assert.Single(await other.RetryAsync([Item(ids[0])], dryRun: false, default));
        Assert.Equal((RetryResult.Refused, "decided_elsewhere"), (refused.Result, refused.Reason));
        Assert.StartsWith("process 1 retries it at this moment.", refused.Message, StringComparison.Ordinal);
        Assert.Equal("decided_elsewhere", Assert.Single(await other.DiscardAsync(ids, "", default)).Reason);
        log.Release();
        Assert.Equal(RetryResult.Waiting, Assert.Single(await slow).Result);
        Assert.Equal("already_retried", Assert.Single(await other.DiscardAsync(ids, "", default)).Reason);
        Assert.Single(await fixture.PaymentsAsync());
    }

    [Fact]
    public async Task Retry_AnotherProcessHasDiedInTheMiddle_IsDoneWhenItsAppendMustHaveEnded()
    {
        await using var fixture = new DeadLetterFixture();
        long[] ids = await fixture.WriteAsync(Letter(7));
        var time = new ManualTime(NowMs);
        await BeginAsync(fixture, ids, time); // It never goes on.
        DeadLetterService next = fixture.NewService(new SharedLog(fixture.Log), time);
        time.Advance(TimeSpan.FromSeconds(44));
        Assert.Equal("decided_elsewhere", await ReasonAsync(next, ids[0]));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("", await ReasonAsync(next, ids[0]));
        Assert.Single(await fixture.PaymentsAsync());
    }

    // Its append takes longer than any may: nothing among the dead letters can keep its record out any more.
    [Fact]
    public async Task Retry_AnotherProcessWasPausedInItsAppend_CountsOnceThoughTheRecordIsThereTwice()
    {
        await using var fixture = new DeadLetterFixture();
        long[] ids = await fixture.WriteAsync(Letter(7));
        var time = new ManualTime(NowMs);
        (Task<IReadOnlyList<RetryOutcome>> slow, SharedLog log) = await BeginAsync(fixture, ids, time);
        time.Advance(TimeSpan.FromSeconds(46));
        Assert.Equal("", await ReasonAsync(fixture.NewService(new SharedLog(fixture.Log), time), ids[0]));
        log.Release();
        Assert.Equal(RetryResult.Waiting, Assert.Single(await slow).Result);
        Assert.Equal(2, (await fixture.PaymentsAsync()).Count);
        Assert.Equal((1, 1), await fixture.CountAsync());
    }

    [Fact]
    public async Task Retry_TheMachineWasSuspendedAfterItsMark_AppendsNothing()
    {
        await using var fixture = new DeadLetterFixture();
        long[] ids = await fixture.WriteAsync(Letter(7));
        var time = new ManualTime(NowMs);
        var log = new SharedLog(fixture.Log) { Marked = () => time.Advance(TimeSpan.FromMinutes(1)) };
        await Assert.ThrowsAsync<EventLogException>(() => ReasonAsync(fixture.NewService(log, time), ids[0]));
        Assert.Empty(await fixture.PaymentsAsync());
    }

    // Of a process that looked at a retry that was cut off, and wrote what it found after the letter was discarded.
    [Fact]
    public async Task Marks_OpenAfterADiscard_AreVoid()
    {
        await using var fixture = new DeadLetterFixture();
        long[] ids = await fixture.WriteAsync(Letter(7));
        LetterMark begin = new(LetterState.Retrying, ids[0], new TopicPartition("payments", 1), 7, NowMs)
        {
            Target = new RecordPosition(1, 0), Owner = "a",
        };
        LetterMark open = begin with { State = LetterState.Open, Owner = "b", Intent = ids[0] + 1 };
        await AppendAsync(
            fixture, begin, open, begin with { State = LetterState.Discarded, Intent = -1 }, open with { Owner = "c" });
        Assert.Equal(LetterState.Discarded, (await fixture.NewService().GetAsync(ids[0], default))?.State);
    }

    // What a process wrote while it did not know of the other one's mark is void for everybody.
    [Fact]
    public async Task Marks_ThatCameTooLate_AreVoid()
    {
        await using var fixture = new DeadLetterFixture();
        long[] ids = await fixture.WriteAsync(Letter(7));
        LetterMark begin = new(LetterState.Retrying, ids[0], new TopicPartition("payments", 1), 7, NowMs)
        {
            Target = new RecordPosition(1, 0), Owner = "a",
        };
        await AppendAsync(fixture, begin, begin with { Owner = "b" });
        await AppendAsync(fixture, begin with { State = LetterState.Discarded, Owner = "b", Intent = -1 });
        await AppendAsync(fixture, begin with { State = LetterState.Open, Owner = "b", Intent = ids[0] + 2 });
        DeadLetterEntry? entry = await fixture.NewService(new SharedLog(fixture.Log)).GetAsync(ids[0], default);
        Assert.Equal((LetterState.Retrying, "a"), (entry?.State, entry?.Mark?.Owner));
        await AppendAsync(fixture, begin with { State = LetterState.Open, Owner = "b", Intent = ids[0] + 1 });
        entry = await fixture.NewService(new SharedLog(fixture.Log)).GetAsync(ids[0], default);
        Assert.Equal(LetterState.Open, entry?.State);
    }

    // As a version wrote it in which one process decided about a topic.
    [Fact]
    public async Task Marks_WithoutOwner_CountAsTheyCome()
    {
        await using var fixture = new DeadLetterFixture();
        long[] ids = await fixture.WriteAsync(Letter(7));
        LetterMark mark = new(LetterState.Retrying, ids[0], new TopicPartition("payments", 1), 7, NowMs);
        await AppendAsync(fixture, mark, mark with { State = LetterState.Discarded });
        Assert.Equal(LetterState.Discarded, (await fixture.NewService().GetAsync(ids[0], default))?.State);
    }

    private static async Task<(Task<IReadOnlyList<RetryOutcome>> Retry, SharedLog Log)> BeginAsync(
        DeadLetterFixture fixture, long[] ids, TimeProvider? time = null)
    {
        var log = new SharedLog(fixture.Log);
        log.Hold();
        Task<IReadOnlyList<RetryOutcome>> retry = Task.Run(
            async () => await fixture.NewService(log, time).RetryAsync([.. ids.Select(Item)], dryRun: false, default));
        await log.Waits.Task;
        return (retry, log);
    }

    private static async Task<string> ReasonAsync(DeadLetterService service, long id) =>
        Assert.Single(await service.RetryAsync([Item(id)], dryRun: false, default)).Reason;

    private static async Task AppendAsync(DeadLetterFixture fixture, params LetterMark[] marks) =>
        await fixture.Log.AppendAsync(
            Runtime.Embedded.DeadLetterTopic.Name,
            marks.Select(m => m.Encode()).ToArray(),
            new RecordPosition[marks.Length],
            default);

    private static RetryItem Item(long id) => new(id, System.Text.Encoding.UTF8.GetBytes(
        Good.Replace("\"p\"", $"\"p{id}\"", StringComparison.Ordinal)));
}
