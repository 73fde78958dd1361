using System.Text;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Ingestion;
using static ContextGrid.Runtime.Tests.DeadLetters.DeadLetterFixture;

namespace ContextGrid.Runtime.Tests.DeadLetters;

/// <summary>A retry ends at every call that it makes to the log; whoever comes next brings it to its end, once.
/// </summary>
public sealed class RetryCrashTests
{
    private const int CallsMax = 60;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Retry_FailsAtEveryCall_TheNextProcessCountsEachLetterOnce(bool isDone)
    {
        bool reachedTheEnd = false;
        for (int failAt = 1; failAt < CallsMax && !reachedTheEnd; failAt++)
        {
            await using var fixture = new DeadLetterFixture();
            long[] ids = await fixture.WriteAsync(Letter(7), Letter(8));
            var failing = new FailingLog(fixture.Log, failAt, isDone);
            reachedTheEnd = await TryAsync(fixture.NewService(failing), ids);
            await CheckAsync(fixture, fixture.NewService(), ids);
        }

        Assert.True(reachedTheEnd);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Retry_FailsAtEveryCallOfEveryAttempt_CountsEachLetterOnce(bool isDone)
    {
        // Each process comes one call further than the one before; the work of all of them is one retry.
        await using var fixture = new DeadLetterFixture();
        long[] ids = await fixture.WriteAsync(Letter(7), Letter(8));
        for (int failAt = 1; failAt < CallsMax; failAt++)
        {
            await TryAsync(fixture.NewService(new FailingLog(fixture.Log, failAt, isDone)), ids);
        }

        await CheckAsync(fixture, fixture.NewService(), ids);
    }

    [Fact]
    public async Task Retry_LogIsBackInTheSameProcess_GoesOnWhereItStopped()
    {
        for (int failAt = 1; failAt < CallsMax; failAt++)
        {
            await using var fixture = new DeadLetterFixture();
            long[] ids = await fixture.WriteAsync(Letter(7), Letter(8));
            var log = new MendedLog(fixture.Log, failAt);
            DeadLetterService service = fixture.NewService(log);
            await TryAsync(service, ids);
            log.Mend();
            await CheckAsync(fixture, service, ids);
        }
    }

    [Fact]
    public async Task Discard_AfterARetryThatWasCutOff_FindsThatItIsRetried()
    {
        await using var fixture = new DeadLetterFixture();
        long[] ids = await fixture.WriteAsync(Letter(7));
        await StopBeforeTheLastMarkAsync(fixture, ids);
        DeadLetterService service = fixture.NewService();
        Assert.Equal(LetterState.Retrying, (await service.GetAsync(ids[0], default))?.State);
        Assert.Equal("already_retried", Assert.Single(await service.DiscardAsync(ids, "", default)).Reason);
        Assert.Equal(LetterState.Retried, (await service.GetAsync(ids[0], default))?.State);
    }

    // The last append of a retry is the mark that it is done.
    private static async Task StopBeforeTheLastMarkAsync(DeadLetterFixture fixture, long[] ids)
    {
        var whole = new FailingLog(fixture.Log, int.MaxValue, isDone: false);
        long[] other = await fixture.WriteAsync(Letter(1000));
        await TryAsync(fixture.NewService(whole), other);
        for (int failAt = whole.Calls + 2; (await fixture.PaymentsAsync()).Count < 2; failAt++)
        {
            await TryAsync(fixture.NewService(new FailingLog(fixture.Log, failAt - 2, isDone: false)), ids);
        }
    }

    private static async Task<bool> TryAsync(DeadLetterService service, long[] ids)
    {
        try
        {
            await service.RetryAsync([.. ids.Select(Item)], dryRun: false, default);
            return true;
        }
        catch (EventLogException)
        {
            return false;
        }
    }

    private static async Task CheckAsync(DeadLetterFixture fixture, DeadLetterService service, long[] ids)
    {
        IReadOnlyList<RetryOutcome> outcomes = await service.RetryAsync([.. ids.Select(Item)], dryRun: false, default);
        List<string> payments = await fixture.PaymentsAsync();
        Assert.Equal(ids.Length, payments.Count);
        Assert.All(ids, id => Assert.Single(payments, p => p.Contains($"retry.of={id} ", StringComparison.Ordinal)));
        Assert.All(outcomes, o => Assert.Equal(("payments", 1), (o.Topic, o.Position.Partition)));
        Assert.Equal(
            Enumerable.Range(0, ids.Length).Select(i => (long)i), outcomes.Select(o => o.Position.Offset).Order());
        DeadLetterCounts counts = await service.CountAsync(default);
        Assert.Equal((0, 0, ids.Length), (counts.Open, counts.Retrying, counts.Retried));
    }

    private static RetryItem Item(long id) => new(
        id, Encoding.UTF8.GetBytes(Good.Replace("\"p\"", $"\"p{id}\"", StringComparison.Ordinal)));
}
