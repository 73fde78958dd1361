using System.Text;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests.BadInput;

/// <summary>Bad events through gRPC: each is named with its reason, and its neighbours in the batch count.</summary>
public sealed class BadEventTests : IDisposable
{
    private static readonly long NowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Publish_EachBadEvent_IsRefusedOrKeptWithItsReasonAndHarmsNoNeighbour()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        var bad = BadEvents.All(NowMs);
        var last = new Dictionary<int, SourcePosition>();
        foreach ((string name, byte[] payload, string reason) in bad)
        {
            foreach (InvalidEvents what in (InvalidEvents[])[InvalidEvents.Refuse, InvalidEvents.DeadLetter])
            {
                PublishResult result = await PublishBetweenNeighboursAsync(client, payload, what);
                RefusedEvent refused = Assert.Single(result.Refused);
                Assert.Equal((name, 2, 1, reason), (name, result.Accepted, refused.Index, refused.Reason));
                Assert.StartsWith("payment", refused.Message, StringComparison.Ordinal);
                Assert.Equal(what == InvalidEvents.DeadLetter, refused.DeadLetter is not null);
                await CheckLetterAsync(client, refused, payload);
                Keep(last, result);
            }
        }

        EntityResult good = await GridFolder.ReadAsync(client, "good", [.. last.Values]);
        Assert.Equal(4 * bad.Count, good["payments"].AsInt64);
        Assert.Empty(good.Degraded);
        Assert.False((await client.GetAsync("user", BadEvents.Victim)).IsKnown);
        GetStatusResponse status = await client.GetStatusAsync();
        Assert.Equal((2 * bad.Count, bad.Count), (status.Counters["events_refused"], status.DeadLetters));
        Assert.Equal(bad.Count, (await client.ListDeadLettersAsync(1)).Total);
    }

    [Fact]
    public async Task Publish_OverOneMebibyte_IsRefusedAndNeverKept()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        PublishResult result =
            await PublishBetweenNeighboursAsync(client, BadEvents.TooLarge(), InvalidEvents.DeadLetter);
        RefusedEvent refused = Assert.Single(result.Refused);
        Assert.Equal((2, 1, "too_large"), (result.Accepted, refused.Index, refused.Reason));
        Assert.Null(refused.DeadLetter);
    }

    [Fact]
    public async Task Publish_ExtraMembersAndLateEvents_Count()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        long dayMs = 86_400_000;
        PublishResult result = await client.PublishAsync(
            "payments",
            BadEvents.Good("late", NowMs, ",\"extra\":{\"deep\":[1,{\"x\":null}]},\"more\":\"\\u0041\""),
            BadEvents.Good("late", NowMs - (400 * dayMs)),
            BadEvents.Good("late", NowMs - 1000));
        Assert.Equal((3, 0), (result.Accepted, result.Refused.Count));
        EntityResult late = await GridFolder.ReadAsync(client, "late", result.Positions);
        Assert.Equal((3, 2), (late["items"].AsInt64, late["items_1h"].AsInt64));
        Assert.Equal(1, (await client.GetStatusAsync()).Counters["events_late"]);
    }

    [Fact]
    public async Task Publish_UnknownTopic_SuggestsTheOneMeant()
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        var e = await Assert.ThrowsAsync<ContextGridException>(() => client.PublishAsync("paymets", "{}"));
        Assert.Equal(GrpcStatusCode.NotFound, e.StatusCode);
        Assert.Contains("did you mean 'payments'?", e.Message, StringComparison.Ordinal);
        e = await Assert.ThrowsAsync<ContextGridException>(
            () => client.PublishAsync("dead-letters", "{}"));
        Assert.Equal(GrpcStatusCode.NotFound, e.StatusCode);
        e = await Assert.ThrowsAsync<ContextGridException>(
            () => client.PublishAsync("ticks", Enumerable.Repeat("{}", 10_001)));
        Assert.Equal(GrpcStatusCode.InvalidArgument, e.StatusCode);
        e = await Assert.ThrowsAsync<ContextGridException>(() => client.PublishAsync("ticks"));
        Assert.Equal(GrpcStatusCode.InvalidArgument, e.StatusCode);
    }

    [Fact]
    public async Task Publish_RawFilesOfOtherSystems_EveryLineIsRefused()
    {
        string data = Path.Combine(
            Environment.GetEnvironmentVariable("CONTEXTGRID_PARTS")
                ?? Path.Combine(SharedParts.RepositoryRoot(), "..", "shared"),
            "data");
        string[] files = Directory.Exists(data) ? Directory.GetFiles(data, "*.raw.*") : [];
        Assert.SkipWhen(files.Length == 0, $"No *.raw.* files are in {data}; set CONTEXTGRID_PARTS to the parts.");
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        foreach (string file in files)
        {
            string[] lines = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries);
            PublishResult result = await client.PublishAsync(
                "payments",
                lines.Select(l => new PublishEvent { Payload = ByteString.CopyFrom(Encoding.Latin1.GetBytes(l)) }),
                new PublishOptions { Invalid = InvalidEvents.DeadLetter });
            Assert.Equal((0, lines.Length), (result.Accepted, result.Refused.Count));
            Assert.All(result.Refused, r => Assert.NotEmpty(r.Reason));
        }
    }

    private static async Task<PublishResult> PublishBetweenNeighboursAsync(
        ContextGridClient client, byte[] payload, InvalidEvents what) => await client.PublishAsync(
        "payments",
        [
            GridFolder.Event(BadEvents.Good("good", NowMs)),
            new PublishEvent { Payload = ByteString.CopyFrom(payload) },
            GridFolder.Event(BadEvents.Good("good", NowMs)),
        ],
        new PublishOptions { Invalid = what });

    private static async Task CheckLetterAsync(ContextGridClient client, RefusedEvent refused, byte[] payload)
    {
        if (refused.DeadLetter is { } position)
        {
            DeadLetter letter = await client.GetDeadLetterAsync(position.Offset);
            Assert.Equal(("payments", -1), (letter.Source.Topic, letter.Source.Offset));
            Assert.Equal((refused.Reason, refused.Message), (letter.Reason, letter.Message));
            Assert.Equal(payload, letter.Payload.ToByteArray());
        }
    }

    private static void Keep(Dictionary<int, SourcePosition> last, PublishResult result)
    {
        foreach (SourcePosition position in result.Positions)
        {
            last[position.Partition] = position;
        }
    }
}
