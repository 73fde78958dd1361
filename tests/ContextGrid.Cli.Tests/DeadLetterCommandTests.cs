using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;
using Google.Protobuf;

namespace ContextGrid.Cli.Tests;

public sealed class DeadLetterCommandTests : IAsyncLifetime
{
    private const string Admin = "/contextgrid.v1.AdminService/";

    private readonly List<DeadLetterRetry> _retried = [];
    private readonly List<ListDeadLettersRequest> _listed = [];
    private readonly List<DiscardDeadLettersRequest> _discarded = [];

    // Set by InitializeAsync before any test runs.
    private FakeGrpcServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeGrpcServer.StartAsync();
        _server.On(Admin + "RetryDeadLetters", async call =>
        {
            var request = await call.ReadAsync(RetryDeadLettersRequest.Parser) ?? new RetryDeadLettersRequest();
            _retried.AddRange(request.Letters);
            var response = new RetryDeadLettersResponse();
            response.Outcomes.AddRange(request.Letters.Select(l => Outcome(l, request.DryRun)));
            await call.WriteAsync(response);
        });
        _server.On(Admin + "ListDeadLetters", async call =>
        {
            var request = await call.ReadAsync(ListDeadLettersRequest.Parser) ?? new ListDeadLettersRequest();
            _listed.Add(request);
            var response = new ListDeadLettersResponse { Total = 5, Open = 5, NextBefore = request.Before == 0 ? 3 : 0 };
            foreach (var id in request.Before == 0 ? (long[])[4, 3] : [2, 1, 0])
                response.DeadLetters.Add(new DeadLetter { Id = id, State = DeadLetterState.Open });
            await call.WriteAsync(response);
        });
        _server.On(Admin + "GetDeadLetter", async call =>
        {
            var request = await call.ReadAsync(GetDeadLetterRequest.Parser);
            await call.WriteAsync(new DeadLetter
            {
                Id = request?.Id ?? 0,
                Reason = "wrong_type",
                Payload = ByteString.CopyFromUtf8("bad"),
                PayloadBytes = 3,
            });
        });
        _server.On(Admin + "DiscardDeadLetters", async call =>
        {
            var request = await call.ReadAsync(DiscardDeadLettersRequest.Parser) ?? new DiscardDeadLettersRequest();
            _discarded.Add(request);
            var response = new DiscardDeadLettersResponse();
            response.Outcomes.AddRange(
                request.Ids.Select(id => new DeadLetterDiscardOutcome { Id = id, Discarded = true }));
            await call.WriteAsync(response);
        });
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Retry_Numbers_TellsEachAndFailsWhenOneIsRefused()
    {
        var run = await CliRun.AtAsync(_server, "dlq", "retry", "4", "7");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(
            ["4  refused  wrong_type: it is bad", "7  refused  wrong_type: it is bad", "2 refused."], run.OutLines);
        Assert.Equal([4L, 7L], _retried.Select(r => r.Id));
        Assert.All(_retried, r => Assert.False(r.HasPayload));
    }

    [Fact]
    public async Task Retry_AllDry_GoesThroughEveryPageWithTheFilters()
    {
        var run = await CliRun.AtAsync(
            _server, "dlq", "retry", "--all", "--dry-run", "--topic", "payments", "--since", "1000", "--contains", "x");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal([4L, 3, 2, 1, 0], _retried.Select(r => r.Id));
        Assert.Equal("5 valid.", run.OutLines[^1]);
        Assert.Equal([0L, 3L], _listed.Select(r => r.Before));
        Assert.All(_listed, r => Assert.Equal(("payments", 1000, "x"), (r.Topic, r.SinceMs, r.Contains)));
    }

    [Fact]
    public async Task Retry_Edit_SendsWhatTheEditorLeftInAFileThatOnlyItsOwnerReads()
    {
        // What a file may be read by stands in its mode; the editor fails when it is not the owner alone.
        const string Editor = "f() { [ $(stat -c %a \"$1\") = 600 ] && printf 'good\\n' > \"$1\"; }; f";

        var run = await CliRun.EditAsync(_server, Editor, [], "dlq", "retry", "4", "7", "--edit");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["good", "good"], _retried.Select(r => r.Payload.ToStringUtf8()));
        Assert.Equal("2 applied.", run.OutLines[^1]);
        Assert.Contains("4: wrong_type", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_EditThatIsStillBad_AsksToEditAgainAndGoesOnFromThere()
    {
        const string Editor = "f() { if [ $(cat \"$1\") = bad ]; then printf worse > \"$1\"; else printf good > \"$1\"; fi; }; f";

        var again = await CliRun.EditAsync(_server, Editor, ["y"], "dlq", "retry", "4", "--edit");
        var enough = await CliRun.EditAsync(_server, Editor, ["n"], "dlq", "retry", "4", "--edit");

        Assert.Equal((0, 1), (again.ExitCode, enough.ExitCode));
        Assert.Equal(["worse", "good", "worse"], _retried.Select(r => r.Payload.ToStringUtf8()));
        Assert.Contains("Edit it again?", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_EditorFailsOrChangesNothing_LeavesTheLetter()
    {
        var failed = await CliRun.EditAsync(_server, "false", [], "dlq", "retry", "4", "--edit");
        Assert.Empty(_retried);
        var unchanged = await CliRun.EditAsync(_server, "true", ["y"], "dlq", "retry", "4", "--edit");

        Assert.Equal((1, 1), (failed.ExitCode, unchanged.ExitCode));
        Assert.Contains("exit code 1", failed.Error, StringComparison.Ordinal);
        Assert.False(Assert.Single(_retried).HasPayload);
    }

    [Fact]
    public async Task Discard_All_SendsTheNote()
    {
        var run = await CliRun.AtAsync(_server, "dlq", "discard", "--all", "--note", "test data");

        Assert.Equal((0, "5 discarded, 0 refused."), (run.ExitCode, run.OutLines[^1]));
        Assert.Equal("test data", Assert.Single(_discarded).Note);
    }

    [Fact]
    public async Task List_AState_AsksForItAndFollowsPages()
    {
        var run = await CliRun.AtAsync(_server, "dlq", "list", "--state", "all", "--limit", "5");

        Assert.Contains("5 shown of 5 retained: 5 open, 0 retried, 0 discarded.", run.Out, StringComparison.Ordinal);
        Assert.Equal(2, _listed.Count);
        Assert.Equal(4, _listed[0].States.Count);
    }

    [Fact]
    public async Task Show_Binary_IsHexadecimalAndJsonIsIndented()
    {
        ByteString[] payloads = [ByteString.CopyFrom(0xff, 0x41), ByteString.CopyFromUtf8("{\"a\":[1]}")];
        foreach (var (payload, shown) in payloads.Zip((string[])["00000000  ff 41", "\n  \"a\": [\n    1\n"]))
        {
            _server.On(Admin + "GetDeadLetter", call => call.WriteAsync(new DeadLetter { Payload = payload }));
            Assert.Contains(shown, (await CliRun.AtAsync(_server, "dlq", "show", "4")).Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Show_NoSuchLetter_SaysWhereToLook()
    {
        var info = new Contracts.Rpc.ErrorInfo { Reason = "UNKNOWN_DEAD_LETTER" };
        _server.On(Admin + "GetDeadLetter", call =>
        {
            call.Fail(5, "There is no dead letter 9.", info);
            return Task.CompletedTask;
        });

        var run = await CliRun.AtAsync(_server, "dlq", "show", "9");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("dlq list --state all", Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
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
        var run = await CliRun.AtAsync(_server, args);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(_retried);
    }

    private static DeadLetterRetryOutcome Outcome(DeadLetterRetry letter, bool dryRun)
    {
        if (dryRun || letter.Payload == ByteString.CopyFromUtf8("good"))
        {
            return new DeadLetterRetryOutcome
            {
                Id = letter.Id,
                Result = dryRun ? DeadLetterRetryResult.RetryValid : DeadLetterRetryResult.RetryApplied,
            };
        }

        return new DeadLetterRetryOutcome
        {
            Id = letter.Id, Result = DeadLetterRetryResult.RetryRefused, Reason = "wrong_type", Message = "it is bad",
        };
    }
}
