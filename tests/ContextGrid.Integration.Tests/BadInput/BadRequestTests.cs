using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.BadInput;

/// <summary>Questions that can't be answered: each gets its status and a message that says what was meant.</summary>
public sealed class BadRequestTests : IDisposable
{
    private static readonly string[] OneFeature = ["ticks"];

    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Get_BadRequests_AreRefusedWithWhatWasMeant()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        EntityId user = new("user", "u1");
        var cases = new (string Name, ContextRequest Request, string Fragment)[]
        {
            ("no entity", new() { Entities = [] }, "name at least one entity"),
            ("1,001 entities", Many(1_001), "1001 entities are asked for; at most 1000"),
            ("100,000 entities", Many(100_000), "100000 entities are asked for; at most 1000"),
            ("1,001 features", new() { Entities = [user], Features = Names(1_001) }, "1001 features are asked for"),
            ("10,000 features", new() { Entities = [user], Features = Names(10_000) }, "10000 features are asked for"),
            ("too many values", Many(1_000) with { Features = Names(1_000) }, "values are asked for"),
            ("unknown type", new() { Entities = [new("usr", "u1")] }, "did you mean 'user'?"),
            ("unknown version", new() { Entities = [new("user@7", "u1")] }, "no version '7'"),
            ("empty key", new() { Entities = [new("user", "")] }, "the key is empty"),
            ("long key", new() { Entities = [new("user", new string('k', 5 * 1024))] }, "longer than 1024 bytes"),
            ("negative age", new() { Entities = [user], MaxStaleness = TimeSpan.FromSeconds(-1) }, "max_staleness"),
            ("foreign position", new() { Entities = [user], MinPosition = [new() { Topic = "x" }] }, "x/0"),
        };
        foreach ((string name, ContextRequest request, string fragment) in cases)
        {
            var e = await Assert.ThrowsAsync<ContextGridException>(() => client.GetAsync(request));
            Assert.Equal((name, GrpcStatusCode.InvalidArgument), (name, e.StatusCode));
            Assert.Contains(fragment, e.Message, StringComparison.Ordinal);
            Assert.NotEmpty(e.Details);
        }

        Assert.Single((await client.GetAsync(new ContextRequest { Entities = [user] })).Entities);
    }

    [Fact]
    public async Task Get_UnknownFeature_IsAnsweredUnknownBesideTheOthers()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        EntityResult user = await client.GetAsync("user@1", "u1", "tiks", "ticks");
        Assert.Equal(FeatureStatus.UnknownFeature, user["tiks"].Status);
        Assert.True(user["tiks"].IsNull);
        Assert.Equal(FeatureStatus.NeverSeen, user["ticks"].Status);
    }

    [Fact]
    public async Task Watch_BadRequests_AreRefused()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        await RefusedAsync(client, new WatchRequest { Entities = Many(10_001).Entities, Features = OneFeature });
        await RefusedAsync(client, new WatchRequest { Entities = [] });
        await RefusedAsync(client, new WatchRequest { Entities = [new("usr", "u1")] });
        await RefusedAsync(
            client, new WatchRequest { Entities = [new("user", "u1")], ResumeToken = new byte[] { 9, 9 } });
        await RefusedAsync(
            client, new WatchRequest { Entities = [new("user", "u1")], ResumeToken = new byte[] { 1, 200, 200, 200 } });
    }

    private static async Task RefusedAsync(ContextGridClient client, WatchRequest request)
    {
        await using IAsyncEnumerator<ContextChange> watch = client.WatchAsync(request).GetAsyncEnumerator();
        var e = await Assert.ThrowsAsync<ContextGridException>(async () => await watch.MoveNextAsync());
        Assert.Equal(GrpcStatusCode.InvalidArgument, e.StatusCode);
    }

    private static ContextRequest Many(int entities) =>
        new() { Entities = [.. Enumerable.Range(0, entities).Select(i => new EntityId("user", $"u{i}"))] };

    private static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(i => $"f{i}")];
}
