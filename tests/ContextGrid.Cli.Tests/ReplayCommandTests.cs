using System.Text.Json;
using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;
using Google.Protobuf;

namespace ContextGrid.Cli.Tests;

public sealed class ReplayCommandTests : IAsyncLifetime
{
    private const string Admin = "/contextgrid.v1.AdminService/";

    private readonly Queue<ReplayPhase> _phases = new();

    // Set by InitializeAsync before any test runs.
    private FakeGrpcServer _server = null!;
    private StartReplayRequest? _started;
    private string? _id;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeGrpcServer.StartAsync();
        _server.On(Admin + "StartReplay", async call =>
        {
            _started = await call.ReadAsync(StartReplayRequest.Parser);
            await call.WriteAsync(Replay(ReplayPhase.ReplayRunning));
        });
        On(GetReplayRequest.Parser, "GetReplay", r => r.Id, () => Replay(_phases.Dequeue()));
        On(CancelReplayRequest.Parser, "CancelReplay", r => r.Id, () => Replay(ReplayPhase.ReplayCancelled));
        On(RemoveReplayRequest.Parser, "RemoveReplay", r => r.Id, () => new RemoveReplayResponse());
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Start_TypeAlone_LeavesTheRestToTheServer()
    {
        var run = await CliRun.AtAsync(_server, "replay", "start", "user");

        Assert.Equal(("", 0), (run.Error, run.ExitCode));
        Assert.Equal(new StartReplayRequest { Type = "user" }, _started);
        foreach (var part in new[] { "id       user-2", "user@2, keys from a to before b", "running", "50 %", "1,200" })
            Assert.Contains(part, run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithOptions_SendsThem()
    {
        var range = await CliRun.AtAsync(
            _server, "replay", "start", "user", "--from", "a", "--to", "b", "--version", "3", "--id", "r1", "--json");
        Assert.Equal(0, range.ExitCode);
        Assert.Equal(
            new StartReplayRequest { Type = "user", FromKey = "a", ToKey = "b", Version = "3", Id = "r1" }, _started);
        using var json = JsonDocument.Parse(Assert.Single(range.OutLines));
        Assert.Equal("REPLAY_RUNNING", json.RootElement.GetProperty("phase").GetString());
        Assert.Equal("10", json.RootElement.GetProperty("partitions")[0].GetProperty("retained_from").GetString());

        await CliRun.AtAsync(_server, "replay", "start", "user", "--key", "u1");
        Assert.Equal(new StartReplayRequest { Type = "user", Key = "u1" }, _started);
    }

    [Theory]
    [InlineData(ReplayPhase.ReplayFinished, 0, "finished")]
    [InlineData(ReplayPhase.ReplayFailed, 1, "failed")]
    [InlineData(ReplayPhase.ReplayCancelled, 1, "cancelled")]
    public async Task Status_Wait_AsksUntilItHasEnded(ReplayPhase end, int exitCode, string word)
    {
        foreach (var phase in new[] { ReplayPhase.ReplayRunning, ReplayPhase.ReplayRunning, end })
            _phases.Enqueue(phase);

        var run = await CliRun.AtAsync(_server, "replay", "status", "user-2", "--wait");

        Assert.Equal((exitCode, ""), (run.ExitCode, run.Error));
        Assert.Contains("state    " + word, run.Out, StringComparison.Ordinal);
        Assert.Empty(_phases);
    }

    [Theory]
    [InlineData(ReplayPhase.ReplayRunning)]
    [InlineData(ReplayPhase.ReplayFailed)]
    public async Task Status_WithoutWait_AsksOnce(ReplayPhase phase)
    {
        _phases.Enqueue(phase);
        var run = await CliRun.AtAsync(_server, "replay", "status", "user-2");
        Assert.Equal((0, "user-2"), (run.ExitCode, _id));
    }

    [Fact]
    public async Task List_SomeOrNone_IsATableOrASentence()
    {
        var answer = new ListReplaysResponse();
        _server.On(Admin + "ListReplays", call => call.WriteAsync(answer));
        Assert.Equal("There are no replays.\n", (await CliRun.AtAsync(_server, "replay", "list")).Out);

        answer.Replays.Add([Replay(ReplayPhase.ReplayFinished), new Replay { Id = "user-3" }]);
        var run = await CliRun.AtAsync(_server, "replay", "list");
        foreach (var part in new[] { "user-2", "user@2", "finished", "50 %", "user-3" })
            Assert.Contains(part, run.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await CliRun.AtAsync(_server, "replay", "list", "--json")).OutLines.Length);
    }

    [Fact]
    public async Task CancelAndRemove_OneReplay_TellWhatHasBecomeOfIt()
    {
        var cancel = await CliRun.AtAsync(_server, "replay", "cancel", "user-2");
        Assert.Equal((0, "user-2"), (cancel.ExitCode, _id));
        Assert.Contains("cancelled", cancel.Out, StringComparison.Ordinal);

        var remove = await CliRun.AtAsync(_server, "replay", "remove", "user-3");
        Assert.Equal((0, "user-3"), (remove.ExitCode, _id));
        Assert.Contains("user-3 is being removed", remove.Out, StringComparison.Ordinal);
        var json = await CliRun.AtAsync(_server, "replay", "remove", "user-3", "--json");
        Assert.Equal("{\"removing\":\"user-3\"}\n", json.Out);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(9)]
    public async Task Any_Refused_ShowsTheServersWordsAlone(int status)
    {
        foreach (var method in new[] { "StartReplay", "GetReplay", "ListReplays", "CancelReplay", "RemoveReplay" })
            Refuse(method, status);

        foreach (var args in (string[][])
            [["start", "user"], ["status", "a"], ["status", "a", "--wait"], ["list"], ["cancel", "a"], ["remove", "a"]])
        {
            var run = await CliRun.AtAsync(_server, ["replay", .. args]);
            Assert.Equal(("error: It can't be. Do this.\n", "", 1), (run.Error, run.Out, run.ExitCode));
        }
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("replay", "start")]
    [InlineData("replay", "start", "user", "--key", "a", "--from", "b")]
    [InlineData("replay", "start", "user", "--to", "b", "--key", "a")]
    [InlineData("replay", "status")]
    [InlineData("replay", "cancel")]
    [InlineData("replay", "remove")]
    public async Task Any_WrongUse_IsExitCode2(params string[] args)
    {
        var run = await CliRun.AtAsync(_server, args);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, _server.Calls);
    }

    private static Replay Replay(ReplayPhase phase) => new()
    {
        Id = "user-2",
        Type = "user",
        Version = "2",
        FromKey = "a",
        ToKey = "b",
        Phase = phase,
        Events = 1_200,
        Partitions =
        {
            new ReplayPartition { Topic = "payments", RetainedFrom = 10, NextOffset = 20, EndOffset = 30 },
        },
    };

    private void On<T>(MessageParser<T> parser, string method, Func<T, string> id, Func<IMessage> answer)
        where T : class, IMessage<T> => _server.On(Admin + method, async call =>
        {
            _id = id((await call.ReadAsync(parser))!); // A call has its request.
            await call.WriteAsync(answer());
        });

    private void Refuse(string method, int status) => _server.On(Admin + method, call =>
    {
        call.Fail(status, "It can't be. Do this.");
        return Task.CompletedTask;
    });
}
