using ContextGrid.Core.Model;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.TestKit.Grids;

/// <summary>The contract of <see cref="IEventTarget"/> as a grid has it: what becomes of events.</summary>
public abstract class GridApplyConformance : GridConformance
{
    [Fact]
    public async Task Apply_BatchesOfAPartition_CountInOrder()
    {
        await PayAsync(0, Payment(0, "order", 1), Payment(1, "order", 2, 1_000, "a"));
        await PayAsync(0, Payment(7, "order", 4, 2_000, "b"));
        await LogInAsync(0, Login(0, "order", "phone"), Login(1, "order", "desk", 500));
        Assert.Equal("3 7 \"desk\" 2.3333333333333335", await AskAsync("order", "payments total device mean"));
    }

    [Fact]
    public async Task Apply_TheSameBatchAgain_ChangesNothing()
    {
        GridEvent[] events = [Payment(3, "again", 1), Payment(4, "again", 2), Payment(9, "again", 3)];
        await PayAsync(0, events);
        byte[] before = await Grid.SnapshotAsync(PlanOf("user"), "again");
        await PayAsync(0, events);
        Assert.Equal("3 6", await AskAsync("again", "payments total"));
        Assert.Equal(before, await Grid.SnapshotAsync(PlanOf("user"), "again"));
    }

    [Fact]
    public async Task Apply_PartsOfABatchAgain_CountsOnlyWhatIsNew()
    {
        GridEvent[] events = [.. Enumerable.Range(0, 10).Select(i => Payment(i, "part", 1L << i))];
        await PayAsync(0, events[..4]);
        await PayAsync(0, events[2..7]);
        await PayAsync(0, events[5..6]);
        await PayAsync(0, events);
        Assert.Equal("10 1023", await AskAsync("part", "payments total"));
    }

    [Fact]
    public async Task Apply_EmptyBatch_IsNothing()
    {
        await PayAsync(0);
        Assert.Equal("NeverSeen", await AskAsync("nobody", "payments"));
    }

    [Fact]
    public async Task Apply_TheSameOffsetsInOtherPartitions_AreOtherEvents()
    {
        await PayAsync(0, Payment(5, "others", 1));
        await PayAsync(1, Payment(5, "others", 2));
        await PayAsync(2, Payment(1, "others", 4));
        await LogInAsync(0, Login(5, "others", "phone"));
        Assert.Equal("3 7 \"phone\"", await AskAsync("others", "payments total device"));
    }

    [Fact]
    public async Task Apply_PartitionsAtTheSameTime_CountsEachEventOnce()
    {
        string[] users = [.. Names("at-once-", 40)];
        await Task.WhenAll(Enumerable.Range(0, 4).SelectMany(p => new[]
        {
            Task.Run(() => EachAsync(p, i => PayAsync(p, users.Select((u, at) => Payment((i * 40) + at, u, 1))))),
            Task.Run(() => EachAsync(p, i => LogInAsync(p, users.Select((u, at) => Login((i * 40) + at, u, "d"))))),
        }));
        ContextAnswer answer = await Grid.ReadAsync(Query("user", "payments total device", users));
        Assert.All(Enumerable.Range(0, 40), i => Assert.Equal("80 80 \"d\"", Text(answer, i)));

        static async Task EachAsync(int partition, Func<int, Task> apply)
        {
            for (int i = 0; i < 20; i++)
            {
                await apply(i);
                await apply(Math.Max(0, i - partition)); // What comes again counts once.
            }
        }
    }

    [Fact]
    public async Task Apply_LateEvents_CountWhereTheyBelong()
    {
        await PayAsync(0, Payment(0, "late", 1), Payment(1, "late", 2, 70_000));
        Assert.Equal("2 3 2", await AskAsync("late", "payments total minute"));
        await PayAsync(1, Payment(0, "late", 4, 65_000), Payment(1, "late", 8, 5_000));
        await LogInAsync(0, Login(0, "late", "new", 60_000));
        await LogInAsync(1, Login(0, "late", "old", 50_000));
        Assert.Equal("4 15 6 \"new\"", await AskAsync("late", "payments total minute device"));
    }

    [Fact]
    public async Task Apply_EventsThatCantBeApplied_AreNotedByTheirEntitiesOnce()
    {
        GridEvent[] events =
        [
            Payment(0, "poison", 1),
            new(1, StartMs, """{"user":"poison","shop":"poison-shop","n":"many"}"""),
            new(2, StartMs, """{"user":"""),
            Payment(3, "poison", 2),
            new(4, StartMs, """{"user":"only-poison","shop":"s","n":"many"}"""),
        ];
        await PayAsync(0, events);
        await PayAsync(0, events[1..]);
        ContextAnswer answer = await Grid.ReadAsync(
            Query("user", "payments total", "poison", "only-poison", "no-poison"));
        Assert.Equal(["2 3", "NeverSeen NeverSeen", "NeverSeen NeverSeen"], Texts(answer));
        Assert.Equal([1, 1, 0], Enumerable.Range(0, 3).Select(i => answer.Header(i).SkippedEvents));
        Assert.Equal([3, 4, -1], Enumerable.Range(0, 3).Select(i => LastOffset(answer, i)));
        answer = await Grid.ReadAsync(Query("shop", "sold", "poison-shop"));
        Assert.Equal(1, answer.Header(0).SkippedEvents);
    }

    [Fact]
    public async Task Apply_Cancelled_TheSameBatchCompletesIt()
    {
        string[] users = [.. Names("cancelled-", 50)];
        GridEvent[] events = [.. users.Select((u, i) => Payment(i, u, i))];
        using var ended = new CancellationTokenSource();
        await ended.CancelAsync();
        try
        {
            await Grid.ApplyAsync(new TopicPartition("payments", 3), events, ended.Token);
        }
        catch (OperationCanceledException)
        {
            // A part may have been applied.
        }

        await PayAsync(3, events);
        ContextAnswer answer = await Grid.ReadAsync(Query("user", "payments total", users));
        Assert.Equal(users.Select((_, i) => $"1 {i}"), Texts(answer));
    }

    [Fact]
    public async Task Apply_KeysOfAnyForm_AreEntitiesOfTheirOwn()
    {
        string[] users =
        [
            "a/b", "a//b", "a", "b", "A", ".", "../shop/a", "a/../b", "a/", " ", "%", "%2F", "~2F", "ключ 😀", "user/a",
            new('k', 1024), new string('k', 1023) + 'l', new('/', 1024),
        ];
        GridEvent[] events = [.. users.Select((u, i) => Payment(i, u, i + 1, shop: "a"))];
        await PayAsync(2, events);
        await using GridUnderTest embedded = GridUnderTest.Embedded(Definitions);
        await embedded.ApplyAsync(new TopicPartition("payments", 2), events);
        foreach (string user in users)
        {
            Assert.Equal(
                await embedded.SnapshotAsync(embedded.Plans.Single(p => p.Definition.Name == "user"), user),
                await Grid.SnapshotAsync(PlanOf("user"), user));
        }

        ContextAnswer answer = await Grid.ReadAsync(Query("user", "payments total", users));
        Assert.Equal(users.Select((_, i) => $"1 {i + 1}"), Texts(answer));
    }

    [Fact]
    public async Task Read_WhileEventsCome_SeesAllOfAnEventOrNothing()
    {
        Task applying = Task.Run(async () =>
        {
            for (int i = 0; i < 300; i++)
            {
                await PayAsync(1, Payment(i, "whole", 1, i), Payment(i, "whole", 1, i));
            }
        });
        ContextQuery query = Query("user", "payments total", "whole");
        while (!applying.IsCompleted)
        {
            ContextAnswer answer = await Grid.ReadAsync(query);
            long events = LastOffset(answer, 0) + 1;
            Assert.Equal(events == 0 ? "NeverSeen NeverSeen" : $"{events} {events}", Text(answer, 0));
            Assert.Equal(events == 0 ? EventTimes.None : StartMs + events - 1, answer.Header(0).NewestMs);
        }

        await applying;
        Assert.Equal("300 300", await AskAsync("whole", "payments total"));
    }

    private static IEnumerable<string> Texts(ContextAnswer answer) =>
        Enumerable.Range(0, answer.Count).Select(i => Text(answer, i));

    private static long LastOffset(ContextAnswer answer, int index) =>
        answer.Positions(index).IsEmpty ? -1 : answer.Positions(index)[0].Offset;
}
