using ContextGrid.Contracts.Rpc;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Services;
using WirePhase = ContextGrid.Contracts.V1.ReplayPhase;

namespace ContextGrid.Server.Tests.Services;

public sealed class ReplayHandlersTests
{
    private readonly FakeReplays _replays = new();
    private readonly ReplayHandlers _handlers;

    public ReplayHandlersTests() => _handlers = new ReplayHandlers(_replays);

    [Fact]
    public async Task Any_OnAServerOfItsOwn_SaysHowToHaveACluster()
    {
        var handlers = new ReplayHandlers(null);
        foreach (Func<Task> call in (Func<Task>[])
        [
            () => handlers.StartAsync(new StartReplayRequest { Type = "user" }, CancellationToken.None).AsTask(),
            () => handlers.GetAsync(new GetReplayRequest { Id = "a" }, CancellationToken.None).AsTask(),
            () => handlers.ListAsync(CancellationToken.None).AsTask(),
            () => handlers.CancelAsync(new CancelReplayRequest { Id = "a" }, CancellationToken.None).AsTask(),
            () => handlers.RemoveAsync(new RemoveReplayRequest { Id = "a" }, CancellationToken.None).AsTask(),
        ])
        {
            GrpcException e = await Assert.ThrowsAsync<GrpcException>(call);
            Assert.Equal(GrpcStatus.FailedPrecondition, e.Status);
            Assert.Contains("start the server with --cluster", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Start_TypeAlone_GetsTheNextVersionAndAnIdOfBoth()
    {
        Replay replay = await _handlers.StartAsync(new StartReplayRequest { Type = "user" }, CancellationToken.None);
        Assert.Equal(("user-2", new ReplayRequest("user", "2")), _replays.Started);
        Assert.Equal(("user-2", "user", "2"), (replay.Id, replay.Type, replay.Version));
        Assert.Equal(WirePhase.ReplayRunning, replay.Phase);
        Assert.False(replay.HasKey || replay.HasFromKey || replay.HasToKey);
    }

    [Fact]
    public async Task Start_AllOfIt_IsAskedForAndToldAsItIs()
    {
        var request = new StartReplayRequest { Id = "a", Type = "user", Version = "x", FromKey = "", ToKey = "m" };
        Replay replay = await _handlers.StartAsync(request, CancellationToken.None);
        Assert.Equal(("a", new ReplayRequest("user", "x", null, "", "m")), _replays.Started);
        Assert.Equal((true, "", true, "m"), (replay.HasFromKey, replay.FromKey, replay.HasToKey, replay.ToKey));
        request = new StartReplayRequest { Type = "user", Key = "u1" };
        Assert.Equal("u1", (await _handlers.StartAsync(request, CancellationToken.None)).Key);
    }

    [Theory]
    [InlineData(ReplayOutcome.Invalid, GrpcStatus.InvalidArgument, "REPLAY_INVALID")]
    [InlineData(ReplayOutcome.NotFound, GrpcStatus.NotFound, "REPLAY_NOT_FOUND")]
    [InlineData(ReplayOutcome.Taken, GrpcStatus.AlreadyExists, "REPLAY_TAKEN")]
    [InlineData(ReplayOutcome.WrongPhase, GrpcStatus.FailedPrecondition, "REPLAY_RUNS")]
    [InlineData(ReplayOutcome.TooMany, GrpcStatus.ResourceExhausted, "REPLAYS_TOO_MANY")]
    public async Task Any_Refused_HasItsStatusAndTheWordsOfTheCluster(
        ReplayOutcome outcome, GrpcStatus status, string reason)
    {
        _replays.Reply = new ReplayReply(outcome, "It can't be. Do this.");
        foreach (Func<Task> call in (Func<Task>[])
        [
            () => _handlers.StartAsync(new StartReplayRequest { Type = "user" }, CancellationToken.None).AsTask(),
            () => _handlers.CancelAsync(new CancelReplayRequest { Id = "a" }, CancellationToken.None).AsTask(),
            () => _handlers.RemoveAsync(new RemoveReplayRequest { Id = "a" }, CancellationToken.None).AsTask(),
        ])
        {
            GrpcException e = await Assert.ThrowsAsync<GrpcException>(call);
            Assert.Equal((status, "It can't be. Do this."), (e.Status, e.Message));
            Assert.Equal(reason, Assert.IsType<ErrorInfo>(Assert.Single(e.Details)).Reason);
        }
    }

    [Fact]
    public async Task Get_NoneOfThatId_IsNotFound()
    {
        GrpcException e = await Assert.ThrowsAsync<GrpcException>(
            () => _handlers.GetAsync(new GetReplayRequest { Id = "b" }, CancellationToken.None).AsTask());
        Assert.Equal((GrpcStatus.NotFound, "There is no replay 'b'."), (e.Status, e.Message));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public async Task Get_AnIdThatNoReplayHas_IsRefusedBeforeAnySiloIsAsked(int length)
    {
        GrpcException e = await Assert.ThrowsAsync<GrpcException>(
            () => _handlers.GetAsync(new GetReplayRequest { Id = new('a', length) }, CancellationToken.None).AsTask());
        Assert.Equal(GrpcStatus.InvalidArgument, e.Status);
    }

    [Fact]
    public async Task List_AFailedOne_HasAllThatIsKnown()
    {
        _replays.Status = new ReplayStatus(
            "a",
            new ReplayRequest("user", "2"),
            Runtime.Hosting.ReplayPhase.Failed,
            [new Runtime.Hosting.ReplayPartition("payments", 1, 10, 20, 30)],
            7,
            2,
            "It is away.",
            "S1",
            1_000,
            2_000);
        Replay replay = Assert.Single((await _handlers.ListAsync(CancellationToken.None)).Replays);
        var expected = new Replay
        {
            Id = "a",
            Type = "user",
            Version = "2",
            Phase = WirePhase.ReplayFailed,
            Events = 7,
            Skipped = 2,
            Fault = "It is away.",
            Silo = "S1",
            StartedMs = 1_000,
            EndedMs = 2_000,
            Partitions =
            {
                new Contracts.V1.ReplayPartition
                {
                    Topic = "payments", Partition = 1, RetainedFrom = 10, NextOffset = 20, EndOffset = 30,
                },
            },
        };
        Assert.Equal(expected, replay);
    }

    [Fact]
    public void Phases_All_HaveTheirMessage()
    {
        foreach (var phase in Enum.GetValues<Runtime.Hosting.ReplayPhase>())
        {
            var status = new ReplayStatus("a", new("user", "2"), phase, [], 0, 0, null, "", 0, 0);
            Assert.Equal($"Replay{phase}", ReplayWire.Replay(status).Phase.ToString());
        }
    }
}
