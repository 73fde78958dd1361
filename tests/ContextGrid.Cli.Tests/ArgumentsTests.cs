using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;

namespace ContextGrid.Cli.Tests;

/// <summary>What commands take for times, durations, keys and names, and that each text arrives as it was written.
/// </summary>
public sealed class ArgumentsTests : IAsyncLifetime
{
    private const string Context = "/contextgrid.v1.ContextService/";
    private const string Admin = "/contextgrid.v1.AdminService/";

    // Set by InitializeAsync before any test runs.
    private FakeGrpcServer _server = null!;

    public static TheoryData<string> HostileTexts() =>
    [
        "@x", "@", "@/etc/passwd", "-1", "-", "-x", "--x", "--x=1", "-ab", "a b", " a ", "\"", "'a'", "*", "?", "[a]",
        "[suggest]", "a=b", "--a:b", "😀", "a\nb", "a\tb", "$(x)", "`x`", "\\", "/h", "/?", "%s", "null", "{}", "#",
    ];

    public async ValueTask InitializeAsync() => _server = await FakeGrpcServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [MemberData(nameof(HostileTexts))]
    public async Task Get_HostileKey_ArrivesAsItWasWritten(string key)
    {
        GetContextRequest? seen = null;
        _server.On(Context + "GetContext", async call =>
        {
            seen = await call.ReadAsync(GetContextRequest.Parser);
            await call.WriteAsync(new GetContextResponse());
        });

        await CliRun.RunAsync(["get", "--server", _server.Address.ToString(), "user", "--", key], null);

        Assert.Equal(key, seen?.Entities[0].Key);
    }

    [Theory]
    [InlineData("@x")]
    [InlineData("@/etc/hostname")]
    [InlineData("a b")]
    [InlineData("*")]
    [InlineData("😀")]
    [InlineData("[suggest]")]
    public async Task Get_KeyWithoutADash_NeedsNoSeparator(string key)
    {
        GetContextRequest? seen = null;
        _server.On(Context + "GetContext", async call =>
        {
            seen = await call.ReadAsync(GetContextRequest.Parser);
            await call.WriteAsync(new GetContextResponse());
        });

        await CliRun.AtAsync(_server, "get", "user", key);

        Assert.Equal(key, seen?.Entities[0].Key);
    }

    [Theory]
    [MemberData(nameof(HostileTexts))]
    public async Task WatchExplainBench_HostileKey_ArrivesAsItWasWritten(string key)
    {
        var seen = new List<string>();
        _server.On(Context + "WatchContext", async call =>
        {
            seen.Add((await call.ReadAsync(WatchContextRequest.Parser))!.Entities[0].Key); // One message was sent.
            call.Fail(5, "enough");
        });
        _server.On(Context + "Explain", async call =>
        {
            seen.Add((await call.ReadAsync(ExplainRequest.Parser))!.Entity.Key);
            await call.WriteAsync(new ExplainResponse());
        });
        _server.On(Context + "GetContext", async call =>
        {
            seen.Add((await call.ReadAsync(GetContextRequest.Parser))!.Entities[0].Key);
            call.Fail(5, "enough");
        });
        string server = _server.Address.ToString();

        await CliRun.RunAsync(["watch", "--server", server, "user", "--", key], null);
        await CliRun.RunAsync(["explain", "--server", server, "user", "--", key, "n"], null);
        await CliRun.RunAsync(["bench", "--server", server, "--callers", "1", "user", "--", key], null);

        Assert.True(seen.Count >= 3);
        Assert.All(seen, k => Assert.Equal(key, k));
    }

    [Theory]
    [MemberData(nameof(HostileTexts))]
    public async Task Options_HostileText_ArrivesAsItWasWritten(string text)
    {
        ListDeadLettersRequest? listed = null;
        StartReplayRequest? started = null;
        _server.On(Admin + "ListDeadLetters", async call =>
        {
            listed = await call.ReadAsync(ListDeadLettersRequest.Parser);
            await call.WriteAsync(new ListDeadLettersResponse());
        });
        _server.On(Admin + "StartReplay", async call =>
        {
            started = await call.ReadAsync(StartReplayRequest.Parser);
            await call.WriteAsync(new Replay());
        });

        var list = await CliRun.AtAsync(_server, "dlq", "list", $"--contains={text}", $"--topic={text}");
        var start = await CliRun.AtAsync(_server, "replay", "start", "user", $"--from={text}", $"--to={text}");

        Assert.Equal((0, 0), (list.ExitCode, start.ExitCode));
        Assert.Equal((text, text), (listed?.Contains, listed?.Topic));
        Assert.Equal((text, text), (started?.FromKey, started?.ToKey));
    }

    [Theory]
    [InlineData("get", "user", "")]
    [InlineData("get", "", "u1")]
    [InlineData("watch", "user", "u1", "")]
    [InlineData("explain", "user", "", "n")]
    [InlineData("explain", "user", "u1", "")]
    [InlineData("bench", "user", "")]
    [InlineData("replay", "start", "user", "--key", "")]
    [InlineData("replay", "start", "user", "--from", "")]
    [InlineData("replay", "start", "user", "--to=")]
    [InlineData("replay", "status", "")]
    [InlineData("dlq", "discard", "--all", "--contains", "")]
    [InlineData("dlq", "list", "--topic=")]
    [InlineData("publish", "--topic", "")]
    [InlineData("get", "user", "u1", "--features", "")]
    [InlineData("get", "user", "u1", "--features", "a,,b")]
    [InlineData("get", "user", "u1", "--as-of", "")]
    [InlineData("definitions", "validate", "")]
    [InlineData("verify", "")]
    [InlineData("backup", "")]
    public async Task Any_EmptyText_IsRefusedInOneLine(params string[] args)
    {
        var run = await CliRun.AtAsync(_server, args);

        Assert.Equal(2, run.ExitCode);
        Assert.Single(Errors(run));
    }

    [Theory]
    [InlineData("1780272002", "looks like seconds")]
    [InlineData("2026", "looks like a year")]
    [InlineData("01/02/2026", "was meant, or 'newest'.")]
    [InlineData("1.5", "was meant")]
    [InlineData("10:00", "was meant")]
    [InlineData("2026-06-01", "the time of day is missing")]
    [InlineData("2026-06-01T00:00:00", "ends with Z or an offset")]
    [InlineData("-99999999999999", "out of range")]
    [InlineData("-9223372036854775808", "out of range")]
    [InlineData("99999999999999999999", "out of range")]
    public async Task AsOf_NoTime_IsRefusedInOneLineWithTheCause(string text, string cause)
    {
        var get = await CliRun.AtAsync(_server, "get", "user", "u1", $"--as-of={text}");
        var explain = await CliRun.AtAsync(_server, "explain", "user", "u1", "n", $"--as-of={text}");
        var generate = await CliRun.RunAsync(["generate", $"--start={text}"], null);

        Assert.Equal((2, 2, 2), (get.ExitCode, explain.ExitCode, generate.ExitCode));
        Assert.Contains(cause, Assert.Single(Errors(get)));
        Assert.DoesNotContain("   at ", get.Error + explain.Error + generate.Error);
    }

    [Theory]
    [InlineData("2026-06-01T00:00:00.99999999Z", 1_780_272_000_999)]
    [InlineData("2026-06-01T00:00:60Z", 1_780_272_060_000)]
    [InlineData("1780272000000", 1_780_272_000_000)]
    [InlineData("0", 0)]
    [InlineData("-1", -1)]
    [InlineData("9999-12-31T23:59:59.999Z", 253_402_300_799_999)]
    public async Task AsOf_Time_IsCutToMilliseconds(string text, long expected)
    {
        GetContextRequest? seen = null;
        _server.On(Context + "GetContext", async call =>
        {
            seen = await call.ReadAsync(GetContextRequest.Parser);
            await call.WriteAsync(new GetContextResponse());
        });

        await CliRun.AtAsync(_server, "get", "user", "u1", $"--as-of={text}");

        Assert.Equal(expected, seen?.AsOf.ToDateTimeOffset().ToUnixTimeMilliseconds());
    }

    [Theory]
    [InlineData("1,5h")]
    [InlineData("1.5h")]
    [InlineData("-1h")]
    [InlineData("1 h")]
    [InlineData("h")]
    [InlineData("1")]
    [InlineData("1e3s")]
    [InlineData("99999999999999999999d")]
    [InlineData("999999999d")]
    public async Task MaxStaleness_NoDuration_IsRefusedInOneLine(string text)
    {
        var run = await CliRun.AtAsync(_server, "get", "user", "u1", $"--max-staleness={text}");

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: --max-staleness '", Assert.Single(Errors(run)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--since", "999999d")]
    [InlineData("--until", "9223372036854775807ms")]
    public async Task Moment_LongerAgoThanTimesGo_IsTheFirstTime(string option, string text)
    {
        ListDeadLettersRequest? seen = null;
        _server.On(Admin + "ListDeadLetters", async call =>
        {
            seen = await call.ReadAsync(ListDeadLettersRequest.Parser);
            await call.WriteAsync(new ListDeadLettersResponse());
        });

        var run = await CliRun.AtAsync(_server, "dlq", "list", option, text);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(-62_135_596_800_000, option == "--since" ? seen?.SinceMs : seen?.UntilMs);
    }

    [Fact]
    public async Task Get_RefusedKeyWithALineBreak_IsOneLine()
    {
        _server.On(Context + "GetContext", async call =>
        {
            await call.ReadAsync(GetContextRequest.Parser);
            call.Fail(3, "entities[0].key: '7\n' is no key of 'user'.");
        });

        var run = await CliRun.AtAsync(_server, "get", "user", "7\n");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("'7\\u000a' is no key", Assert.Single(run.Error.TrimEnd().Split('\n')));
    }

    [Fact]
    public async Task Publish_UnknownTopic_SaysNothingOfGoingOn()
    {
        _server.On("/contextgrid.v1.IngestService/PublishStream", async call =>
        {
            await call.ReadAsync(PublishRequest.Parser);
            call.Fail(5, "topic: no event is defined for the topic 'T'; did you mean 't'?.");
        });

        var run = await CliRun.RunAsync(
            ["publish", "--topic", "T", "--server", _server.Address.ToString()], "{\"a\":1}\n"u8.ToArray());

        Assert.Equal(1, run.ExitCode);
        Assert.DoesNotContain("Continue", run.Error);
        Assert.Contains("did you mean 't'? Check the name", run.Error);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("-1", -1)]
    public async Task Discard_UntilTheEpoch_IsABound(string until, long expected)
    {
        ListDeadLettersRequest? seen = null;
        _server.On(Admin + "ListDeadLetters", async call =>
        {
            seen = await call.ReadAsync(ListDeadLettersRequest.Parser);
            await call.WriteAsync(new ListDeadLettersResponse());
        });

        var run = await CliRun.AtAsync(_server, "dlq", "discard", "--all", $"--until={until}");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal((true, expected, false), (seen?.HasUntilMs, seen?.UntilMs, seen?.HasSinceMs));
    }

    [Fact]
    public async Task Explain_WindowAroundTheEpoch_IsShown()
    {
        var explain = new ExplainResponse { Definition = "n: t | count()", WindowStartMs = -60_000, WindowEndMs = 0 };
        _server.On(Context + "Explain", call => call.WriteAsync(explain));

        var run = await CliRun.AtAsync(_server, "explain", "user", "u1", "n");

        Assert.Contains("window  1969-12-31T23:59:00.000Z to 1970-01-01T00:00:00.000Z", run.Out);
    }

    [Fact]
    public async Task Get_FeatureNamedTwice_IsAskedForOnce()
    {
        GetContextRequest? seen = null;
        _server.On(Context + "GetContext", async call =>
        {
            seen = await call.ReadAsync(GetContextRequest.Parser);
            await call.WriteAsync(new GetContextResponse());
        });

        await CliRun.AtAsync(_server, "get", "user", "u1", "--features", "b,a,b", "--features", "a");

        Assert.Equal(["b", "a"], seen?.Features);
    }

    [Fact]
    public async Task Explain_WindowBeforeTheYear1_IsShownAsANumber()
    {
        var explain = new ExplainResponse { WindowStartMs = -62_170_156_800_000, WindowEndMs = -62_135_596_800_000 };
        _server.On(Context + "Explain", call => call.WriteAsync(explain));

        var run = await CliRun.AtAsync(_server, "explain", "user", "u1", "n", "--as-of", "0001-01-01T00:00:00Z");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("window  -62170156800000 ms to 0001-01-01T00:00:00.000Z", run.Out);
    }

    [Theory]
    [InlineData("--features", "watch", "user", "u1", "--feature", "n")]
    [InlineData("--seconds", "bench", "user", "u1", "--second", "1")]
    [InlineData("--json", "get", "user", "--jsno")]
    [InlineData(null, "explain", "user", "-x", "n")]
    [InlineData(null, "verify", "--dry")]
    [InlineData("--rate", "backup", "--rat")]
    public async Task AnyCommand_OptionThatDoesNotExist_IsNotTakenForData(string? meant, params string[] args)
    {
        var run = await CliRun.AtAsync(_server, args);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: there is no option '-", run.Error);
        Assert.Contains(meant is null ? "stands behind '--'" : $"did you mean '{meant}'?", run.Error);
    }

    [Theory]
    [InlineData("error: Argument 'foo' not recognized. Must be one of: 'open', 'retried', 'discarded', 'all'\n",
        "dlq", "list", "--state", "foo")]
    [InlineData("error: Cannot parse argument 'abc' for command 'show': a whole number was meant.\n",
        "dlq", "show", "abc")]
    [InlineData("error: Cannot parse argument 'x' for option '--limit': a whole number was meant.\n",
        "dlq", "list", "--limit", "x")]
    [InlineData("error: Cannot parse argument 'x' for option '--before': a whole number was meant.\n",
        "dlq", "list", "--before", "x")]
    public async Task AnyCommand_TextThatIsNoValue_IsRefusedInWordsOfOneLine(string expected, params string[] args)
    {
        var run = await CliRun.AtAsync(_server, args);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith(expected, run.Error);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("bench")]
    public async Task GetAndBench_UnknownFeature_FailWithWhatWasMeant(string command)
    {
        var entity = new EntityContext { Key = "u1" };
        entity.Values.Add(new Value());
        entity.Statuses.Add(FeatureStatus.UnknownFeature);
        entity.EventTimesMs.Add(EntityContext.NoEventMs);
        var answer = new GetContextResponse { Entities = { entity } };
        answer.Types_.Add(new TypeHeader { Type = "user", Features = { "spnd" } });
        var definitions = new GetDefinitionsResponse();
        definitions.Entities.Add(
            new EntityDefinitionText { Type = "user", Features = { new FeatureText { Name = "spend" } } });
        _server.On(Context + "GetContext", call => call.WriteAsync(answer));
        _server.On(Admin + "GetDefinitions", call => call.WriteAsync(definitions));

        var run = await CliRun.AtAsync(_server, command, "user", "u1", "--features", "spnd");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(command == "get", run.Out.Contains("UNKNOWN_FEATURE", StringComparison.Ordinal));
        Assert.Equal("error: user has no feature 'spnd'; did you mean 'spend'?\n", run.Error);
    }

    private static IEnumerable<string> Errors(CliRun run) =>
        run.Error.Split('\n').Where(line => line.StartsWith("error: ", StringComparison.Ordinal));
}
