using ContextGrid.Core.Model;
using System.Text;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.TestKit.Grids;

/// <summary>The contract of <see cref="IContextGrid"/>'s answers.</summary>
public abstract class GridReadConformance : GridConformance
{
    [Fact]
    public void Plans_OfTheDefinitions_AreInTheirOrder() =>
        Assert.Equal(Definitions.Entities.Select(e => e.Name), Grid.Plans.Select(p => p.Definition.Name));

    [Fact]
    public async Task Read_AtAnyHead_WindowsEndThere()
    {
        await PayAsync(0, Payment(0, "heads", 1), Payment(1, "heads", 2, 50_000));
        Assert.Equal("2 3", await AskAsync("heads", "payments minute"));
        Assert.Equal("2 3", await AskAsync("heads", "payments minute", QueryHead.AsOf, 50_000));
        Assert.Equal("2 2", await AskAsync("heads", "payments minute", QueryHead.AsOf, 70_000));
        Assert.Equal("2 Expired", await AskAsync("heads", "payments minute", QueryHead.AsOf, 110_001));
        Assert.Equal("2 2", await AskAsync("heads", "payments minute", QueryHead.Now, 70_000));
    }

    [Fact]
    public async Task Read_AClockBeforeTheNewestEvent_HeadIsTheEvent()
    {
        await PayAsync(0, Payment(0, "clock", 1), Payment(1, "clock", 2, 50_000));
        ContextQuery query = Query("user", "minute", "clock");
        (query.Head, query.HeadMs) = (QueryHead.Now, StartMs + 10);
        ContextAnswer answer = await Grid.ReadAsync(query);
        Assert.Empty(answer.Past);
        Assert.Equal("3", Text(answer, 0));
        Assert.Equal((StartMs + 50_000, StartMs + 50_000), (answer.Header(0).HeadMs, answer.Header(0).NewestMs));
    }

    [Fact]
    public async Task Read_AsOfBeforeTheNewestEvent_NamesTheEntityAndAnswersTheOthers()
    {
        await PayAsync(0, Payment(0, "past-a", 1), Payment(1, "past-b", 2, 50_000), Payment(2, "past-c", 4, 10_000));
        ContextQuery query = Query("user", "total", "past-a", "past-b", "past-none", "past-c");
        (query.Head, query.HeadMs) = (QueryHead.AsOf, StartMs + 10_000);
        ContextAnswer answer = await Grid.ReadAsync(query);
        Assert.Equal([1], answer.Past);
        Assert.Equal(["1", "NeverSeen", "4"], new[] { 0, 2, 3 }.Select(i => Text(answer, i)));
    }

    [Theory]
    [InlineData(QueryHead.Newest)]
    [InlineData(QueryHead.AsOf)]
    [InlineData(QueryHead.Now)]
    public async Task Read_UnknownEntity_WasNeverSeen(QueryHead head)
    {
        ContextQuery query = Query("user", "payments total minute device mean", "stranger");
        (query.Head, query.HeadMs) = (head, StartMs);
        ContextAnswer answer = await Grid.ReadAsync(query);
        Assert.Empty(answer.Past);
        Assert.Equal("NeverSeen NeverSeen NeverSeen NeverSeen NeverSeen", Text(answer, 0));
        Assert.Equal((EventTimes.None, 0), (answer.Header(0).NewestMs, answer.Header(0).SkippedEvents));
        Assert.True(answer.Positions(0).IsEmpty);
        Assert.Empty(await Grid.SnapshotAsync(PlanOf("user"), "stranger"));
    }

    [Fact]
    public async Task Read_ManyEntitiesOfSeveralTypes_AnswersInTheOrderOfTheQuery()
    {
        string[] users = [.. Names("many-", 200)], shops = [.. Names("many-shop-", 200)];
        await PayAsync(0, users.Select((u, i) => Payment(i, u, i, shop: shops[i % 150])));
        var query = new ContextQuery { Head = QueryHead.Newest };
        query.Selections.Add(FeatureSelection.Of(PlanOf("shop"), ["newest", "none", "sold"]));
        query.Selections.Add(FeatureSelection.Of(PlanOf("user"), ["total"]));
        query.Selections.Add(FeatureSelection.All(PlanOf("user")));
        for (int i = 0; i < 200; i++)
        {
            query.Add(0, Encoding.UTF8.GetBytes(shops[i]));
            query.Add(1, Encoding.UTF8.GetBytes(users[199 - i]));
            query.Add(2, Encoding.UTF8.GetBytes(users[i]));
        }

        ContextAnswer answer = await Grid.ReadAsync(query);
        Assert.Equal(600, answer.Count);
        for (int i = 0; i < 200; i++)
        {
            string newest = i < 50 ? $"[\"many-{i + 150}\", \"many-{i}\"]" : $"[\"many-{i}\"]";
            string shop = i < 150
                ? $"{newest} UnknownFeature {(i < 50 ? 2 : 1)}"
                : "NeverSeen UnknownFeature NeverSeen";
            Assert.Equal(shop, Text(answer, 3 * i));
            Assert.Equal($"{199 - i}", Text(answer, (3 * i) + 1));
            Assert.Equal($"1 {i} {i} NeverSeen {i}.0", Text(answer, (3 * i) + 2));
        }
    }

    [Fact]
    public async Task Read_NamesOfAnyText_AreOneFeatureEach()
    {
        await PayAsync(0, Payment(0, "odd", 3), Payment(1, "odd", 4));
        string[][] lists =
        [
            ["payments\ntotal"], ["payments", "total"], ["payments\0total"], ["payments,total"], ["payments total"],
            [""], ["payments", ""], ["", "payments"], ["", ""], ["\n"], ["payments\n"], ["payments", "\n", "total"],
            [], ["payments/total"], ["payments\u001ftotal"], ["payments"], ["total", "payments"],
        ];

        // Twice: a list that was asked before says nothing about another one.
        foreach (string[] names in lists.Concat(lists))
        {
            var query = new ContextQuery { Head = QueryHead.Newest };
            query.Selections.Add(FeatureSelection.Of(PlanOf("user"), [.. names]));
            query.Add(0, "odd"u8);
            string expected = string.Join(' ', names.Select(n => n switch
            {
                "payments" => "2",
                "total" => "7",
                _ => "UnknownFeature",
            }));
            Assert.Equal(expected, Text(await Grid.ReadAsync(query), 0));
        }
    }

    [Fact]
    public async Task Read_OfAnEarlierQuery_LeavesNothingInTheAnswer()
    {
        await PayAsync(0, Payment(0, "reuse", 1, 1_000));
        await PayAsync(1, Payment(0, "reuse", 1, 1_000));
        ContextQuery query = Query("user", "total", "reuse", "reuse", "reuse");
        ContextAnswer first = await Grid.ReadAsync(query);
        Assert.Equal(2, first.Positions(2).Length);
        ContextQuery second = Query("user", "payments", "reuse-none", "reuse");
        (second.Head, second.HeadMs) = (QueryHead.AsOf, StartMs);
        ContextAnswer answer = await Grid.ReadAsync(second);
        Assert.Equal((2, "NeverSeen", 1), (answer.Count, Text(answer, 0), Assert.Single(answer.Past)));
    }

    [Fact]
    public async Task Read_ExplainedFeature_HasItsWindow()
    {
        await PayAsync(0, Payment(0, "why", 1), Payment(1, "why", 2, 30_000), Payment(2, "why", 4, 75_000));
        ContextQuery query = Query("user", "minute", "why");
        query.Explained = PlanOf("user").FeatureOf("minute");
        ContextAnswer answer = await Grid.ReadAsync(query);
        Assert.Equal("6", Text(answer, 0));
        Assert.Equal((StartMs + 75_000, 2), (answer.Explained.EndMs, answer.Explained.Events));
        Assert.InRange(answer.Explained.StartMs, StartMs + 15_000, StartMs + 15_001);
    }

    [Fact]
    public async Task FindChanged_SincePositions_NamesThoseWithLaterEvents()
    {
        await PayAsync(0, Payment(10, "new-a", 1), Payment(11, "new-b", 1), Payment(12, "new-c", 1));
        await PayAsync(1, Payment(10, "new-c", 1));
        await LogInAsync(0, Login(20, "new-d", "phone"));
        ContextQuery query = Query("user", "total", "new-a", "new-b", "new-none", "new-c", "new-d");
        Assert.Equal([0, 1, 3, 4], await Grid.FindChangedAsync(query, SourceVector.Start));
        Assert.Equal([1, 3, 4], await Grid.FindChangedAsync(query, Since(("payments", 0, 10), ("logins", 0, 19))));
        Assert.Equal([3], await Grid.FindChangedAsync(
            query, Since(("payments", 0, 12), ("payments", 1, 9), ("logins", 0, 20))));
        Assert.Empty(await Grid.FindChangedAsync(
            query, Since(("payments", 0, 12), ("payments", 1, 10), ("logins", 0, 20))));
    }

    private static SourceVector Since(params (string Topic, int Partition, long Last)[] positions) => SourceVector.Of(
        [.. positions.Select(p => new PartitionProgress(new TopicPartition(p.Topic, p.Partition), 0, p.Last + 1, []))]);
}
