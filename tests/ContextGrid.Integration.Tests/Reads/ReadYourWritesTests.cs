using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Reads;

/// <summary>A minimum position makes a producer see its own events, whatever else goes on.</summary>
public sealed class ReadYourWritesTests : IDisposable
{
    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Get_MinPositionUnderLoad_SeesEveryOwnWrite()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(w => Task.Run(() => WriteAndReadAsync(client, $"w{w}"))));
    }

    [Fact]
    public async Task Get_MinPositionThatIsNeverReached_EndsWithTheDeadline()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using var client = new ContextGridClient(
            server.Grpc, new ContextGridClientOptions { AttemptsMax = 1, Timeout = TimeSpan.FromMilliseconds(300) });
        var future = new SourcePosition { Topic = "ticks", Partition = 0, Offset = 1_000_000 };
        var e = await Assert.ThrowsAsync<ContextGridException>(() => GridFolder.ReadAsync(client, "u1", [future]));
        Assert.Equal(GrpcStatusCode.DeadlineExceeded, e.StatusCode);
    }

    private static async Task WriteAndReadAsync(ContextGridClient client, string user)
    {
        for (int n = 1; n <= 40; n++)
        {
            // Every second event is about somebody else, in whichever partition that is.
            PublishResult result = await client.PublishAsync("ticks", Tick(user, n), Tick($"{user}-{n}", n));
            EntityResult found = await GridFolder.ReadAsync(client, user, result.Positions);
            Assert.Equal((n, n), (found["ticks"].AsInt64, found["tick_last"].AsInt64));
            Assert.True(found.Positions.All(p => p.Offset >= 0));
        }
    }

    private static string Tick(string user, int n) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"user_id":"{{user}}","n":{{n}}}""");
}
