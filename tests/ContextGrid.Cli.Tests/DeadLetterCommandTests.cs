using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;
using Google.Protobuf;

namespace ContextGrid.Cli.Tests;

public sealed class DeadLetterCommandTests : IAsyncLifetime
{
    // Set by InitializeAsync before any test runs.
    private FakeLetters _letters = null!;

    private FakeGrpcServer Server => _letters.Server;

    public async ValueTask InitializeAsync() => _letters = await FakeLetters.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    [Fact]
    public async Task Retry_Numbers_TellsEachAndFailsWhenOneIsRefused()
    {
        var run = await CliRun.AtAsync(Server, "dlq", "retry", "4", "7");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(
            ["4  refused  wrong_type: it is bad", "7  refused  wrong_type: it is bad", "2 refused."], run.OutLines);
        Assert.Equal([4L, 7L], _letters.Retried.Select(r => r.Id));
        Assert.All(_letters.Retried, r => Assert.False(r.HasPayload));
    }

    [Fact]
    public async Task Retry_AllDry_GoesThroughEveryPageWithTheFilters()
    {
        var run = await CliRun.AtAsync(
            Server, "dlq", "retry", "--all", "--dry-run", "--topic", "payments", "--since", "1000", "--contains", "x");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal([4L, 3, 2, 1, 0], _letters.Retried.Select(r => r.Id));
        Assert.Equal("5 valid.", run.OutLines[^1]);
        Assert.Equal([0L, 3L], _letters.Listed.Select(r => r.Before));
        Assert.All(_letters.Listed, r => Assert.Equal(("payments", 1000, "x"), (r.Topic, r.SinceMs, r.Contains)));
    }

    [Fact]
    public async Task Retry_Edit_SendsWhatTheEditorLeftInAFileThatOnlyItsOwnerReads()
    {
        // What a file may be read by stands in its mode; the editor fails when it is not the owner alone.
        const string Editor = "f() { [ $(stat -c %a \"$1\") = 600 ] && printf 'good\\n' > \"$1\"; }; f";

        var run = await CliRun.EditAsync(Server, Editor, [], "dlq", "retry", "4", "7", "--edit");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["good", "good"], _letters.Retried.Select(r => r.Payload.ToStringUtf8()));
        Assert.Equal("2 applied.", run.OutLines[^1]);
        Assert.Contains("4: wrong_type", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_EditThatIsStillBad_AsksToEditAgainAndGoesOnFromThere()
    {
        const string Editor =
            "f() { if [ $(cat \"$1\") = bad ]; then printf worse > \"$1\"; else printf good > \"$1\"; fi; }; f";

        var again = await CliRun.EditAsync(Server, Editor, ["y"], "dlq", "retry", "4", "--edit");
        var enough = await CliRun.EditAsync(Server, Editor, ["n"], "dlq", "retry", "4", "--edit");

        Assert.Equal((0, 1), (again.ExitCode, enough.ExitCode));
        Assert.Equal(["worse", "good", "worse"], _letters.Retried.Select(r => r.Payload.ToStringUtf8()));
        Assert.Contains("Edit it again?", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_EditorFailsOrChangesNothing_LeavesTheLetter()
    {
        var failed = await CliRun.EditAsync(Server, "false", [], "dlq", "retry", "4", "--edit");
        Assert.Empty(_letters.Retried);
        var unchanged = await CliRun.EditAsync(Server, "true", ["y"], "dlq", "retry", "4", "--edit");

        Assert.Equal((1, 1), (failed.ExitCode, unchanged.ExitCode));
        Assert.Contains("exit code 1", failed.Error, StringComparison.Ordinal);
        Assert.False(Assert.Single(_letters.Retried).HasPayload);
    }

    [Fact]
    public async Task Retry_EditOfALetterThatIsDecided_OpensNoEditor()
    {
        var letter = new DeadLetter { Id = 4, State = DeadLetterState.Retried };
        Server.On(FakeLetters.Admin + "GetDeadLetter", call => call.WriteAsync(letter));

        var run = await CliRun.EditAsync(Server, "false", ["y"], "dlq", "retry", "4", "--edit");

        Assert.Equal((1, "4  refused  wrong_type: it is bad"), (run.ExitCode, run.OutLines[0]));
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Discard_All_SendsTheNote()
    {
        var run = await CliRun.AtAsync(Server, "dlq", "discard", "--all", "--note", "test data");

        Assert.Equal((0, "5 discarded, 0 refused."), (run.ExitCode, run.OutLines[^1]));
        Assert.Equal("test data", Assert.Single(_letters.Discarded).Note);
    }

    [Fact]
    public async Task List_AState_AsksForItAndFollowsPages()
    {
        var run = await CliRun.AtAsync(Server, "dlq", "list", "--state", "all", "--limit", "5");

        Assert.Contains("5 shown of 5 retained: 5 open, 0 retried, 0 discarded.", run.Out, StringComparison.Ordinal);
        Assert.Equal(2, _letters.Listed.Count);
        Assert.Equal(4, _letters.Listed[0].States.Count);
    }

    [Fact]
    public async Task Show_Binary_IsHexadecimalAndJsonIsIndented()
    {
        ByteString[] payloads = [ByteString.CopyFrom(0xff, 0x41), ByteString.CopyFromUtf8("{\"a\":[1]}")];
        foreach (var (payload, shown) in payloads.Zip((string[])["00000000  ff 41", "\n  \"a\": [\n    1\n"]))
        {
            var letter = new DeadLetter { Payload = payload };
            Server.On(FakeLetters.Admin + "GetDeadLetter", call => call.WriteAsync(letter));
            Assert.Contains(shown, (await CliRun.AtAsync(Server, "dlq", "show", "4")).Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Show_NoSuchLetter_SaysWhereToLook()
    {
        var info = new Contracts.Rpc.ErrorInfo { Reason = "UNKNOWN_DEAD_LETTER" };
        Server.On(FakeLetters.Admin + "GetDeadLetter", call =>
        {
            call.Fail(5, "There is no dead letter 9.", info);
            return Task.CompletedTask;
        });

        var run = await CliRun.AtAsync(Server, "dlq", "show", "9");

        Assert.Equal(1, run.ExitCode);
        string line = Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.Contains("dlq list --state all", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dlq", "retry")]
    [InlineData("dlq", "retry", "4", "--all")]
    [InlineData("dlq", "retry", "4", "--topic", "payments")]
    [InlineData("dlq", "discard")]
    [InlineData("dlq", "list", "--state", "lost")]
    [InlineData("dlq", "list", "--since", "yesterday-ish")]
    public async Task Any_WrongUse_ExitsWithTwo(params string[] args)
    {
        var run = await CliRun.AtAsync(Server, args);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(_letters.Retried);
    }
}
