using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Reads;

/// <summary>WatchContext against a real server.</summary>
public sealed class WatchTests : IDisposable
{
    private static readonly EntityId[] Users = [new("user", "a"), new("user", "b"), new("user", "never")];

    private readonly GridFolder _grid = new();
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(1));

    public void Dispose()
    {
        _limit.Dispose();
        _grid.Dispose();
    }

    [Fact]
    public async Task Watch_FromTheStart_SendsAllFirstAndThenOnlyChanges()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        PublishResult before = await client.PublishAsync("ticks", Tick("a", 1));
        await GridFolder.ReadAsync(client, "a", before.Positions);
        await using IAsyncEnumerator<ContextChange> watch =
            client.WatchAsync(new WatchRequest { Entities = Users }).GetAsyncEnumerator(_limit.Token);

        ContextChange first = await NextAsync(watch);
        Assert.Equal(["a", "b", "never"], first.Context.Entities.Select(e => e.Id.Key));
        Assert.Equal([1, 0, 0], first.Context.Entities.Select(e => e["ticks"].AsInt64));

        await client.PublishAsync("ticks", Tick("b", 7), Tick("other", 1));
        ContextChange second = await NextAsync(watch);
        EntityResult changed = Assert.Single(second.Context.Entities);
        Assert.Equal(("b", 7), (changed.Id.Key, changed["tick_sum"].AsInt64));
    }

    [Fact]
    public async Task Watch_ManyChangesWithinTheInterval_AreMergedIntoOne()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        var request = new WatchRequest { Entities = Users, MinInterval = TimeSpan.FromSeconds(2) };
        await using IAsyncEnumerator<ContextChange> watch = client.WatchAsync(request).GetAsyncEnumerator(_limit.Token);
        await NextAsync(watch);
        for (int i = 1; i <= 50; i++)
        {
            await client.PublishAsync("ticks", Tick("a", i));
        }

        int messages = 0;
        for (long seen = 0; seen < 50; messages++)
        {
            seen = Assert.Single((await NextAsync(watch)).Context.Entities)["ticks"].AsInt64 ?? 0;
        }

        Assert.InRange(messages, 1, 10);
    }

    [Fact]
    public async Task Watch_ResumedWithAToken_SendsWhatChangedMeanwhileAlsoAfterARestart()
    {
        ReadOnlyMemory<byte> token;
        await using (ServerProcess server = await _grid.StartAsync())
        {
            using ContextGridClient client = GridFolder.Connect(server);
            PublishResult result = await client.PublishAsync("ticks", Tick("a", 1), Tick("b", 1));
            await client.GetAsync(new ContextRequest { Entities = Users, MinPosition = result.Positions });
            await using IAsyncEnumerator<ContextChange> watch =
                client.WatchAsync(new WatchRequest { Entities = Users }).GetAsyncEnumerator(_limit.Token);
            ContextChange all = await NextAsync(watch);
            Assert.Equal(3, all.Context.Entities.Count);
            token = all.ResumeToken;
        }

        await using ServerProcess next = await _grid.StartAsync();
        await next.WaitUntilReadyAsync(TimeSpan.FromSeconds(30));
        using ContextGridClient reader = GridFolder.Connect(next);
        await reader.PublishAsync("ticks", Tick("b", 5));
        var request = new WatchRequest { Entities = Users, ResumeToken = token };
        await using IAsyncEnumerator<ContextChange> resumed =
            reader.WatchAsync(request).GetAsyncEnumerator(_limit.Token);
        EntityResult changed = Assert.Single((await NextAsync(resumed)).Context.Entities);
        Assert.Equal(("b", 6), (changed.Id.Key, changed["tick_sum"].AsInt64));
    }

    [Fact]
    public async Task Watch_SlowConsumer_HarmsNobodyAndEndsAtTheNewestState()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        EntityId[] many = [.. Enumerable.Range(0, 1000).Select(i => new EntityId("user", $"m{i}"))];
        var request = new WatchRequest { Entities = many, MinInterval = TimeSpan.FromMilliseconds(10) };
        await using IAsyncEnumerator<ContextChange> slow = client.WatchAsync(request).GetAsyncEnumerator(_limit.Token);
        await NextAsync(slow);

        // Nobody reads the watch while every entity changes again and again; publishing and reading go on.
        const int Rounds = 30;
        IReadOnlyList<SourcePosition> last = [];
        for (int round = 1; round <= Rounds; round++)
        {
            last = (await client.PublishAsync("ticks", many.Select(m => Tick(m.Key, round)))).Positions;
        }

        await GridFolder.ReadAsync(client, "m7", last);
        var newest = new Dictionary<string, long>();
        while (newest.Count < many.Length || newest.Values.Any(v => v < Rounds))
        {
            foreach (EntityResult entity in (await NextAsync(slow)).Context.Entities)
            {
                newest[entity.Id.Key] = entity["ticks"].AsInt64 ?? 0;
            }
        }

        Assert.All(newest.Values, v => Assert.Equal(Rounds, v));
    }

    private static async Task<ContextChange> NextAsync(IAsyncEnumerator<ContextChange> watch)
    {
        Assert.True(await watch.MoveNextAsync());
        return watch.Current;
    }

    private static string Tick(string user, int n) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"user_id":"{{user}}","n":{{n}}}""");
}
