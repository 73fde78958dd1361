using System.Text.Json;
using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;
using Google.Protobuf;

namespace ContextGrid.Cli.Tests;

public sealed class ReadCommandsTests : IAsyncLifetime
{
    private const string GetContext = "/contextgrid.v1.ContextService/GetContext";
    private const string Admin = "/contextgrid.v1.AdminService/";

    // Set by InitializeAsync before any test runs.
    private FakeGrpcServer _server = null!;
    private GetContextRequest? _seen;

    public async ValueTask InitializeAsync() => _server = await FakeGrpcServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Get_ForPeople_ShowsEveryColumnAndWhatTheAnswerReflects()
    {
        Answer();

        var run = await CliRun.AtAsync(_server, "get", "user", "u1", "--features", "n,by", "--as-of", "newest");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["n", "by"], _seen?.Features);
        Assert.True(_seen?.Newest);
        foreach (var part in new[]
        {
            "user u1", "feature", "event time", "PRESENT", "{DE: 7}", "1970-01-01T00:00:09.000Z", "1 s", "NEVER_SEEN",
            "definition version 2", "payments/1@41", "source     payments/1 applied to 41, 3 records, 120 ms behind",
            "DEGRADED   one poison event was skipped", "3 features: 2 PRESENT, 1 NEVER_SEEN",
        })
        {
            Assert.Contains(part, run.Out, StringComparison.Ordinal);
        }

        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Get_Json_IsOneObject()
    {
        Answer();

        var run = await CliRun.AtAsync(_server, "get", "user", "u1", "--json", "--as-of", "2026-01-01T00:00:00Z");

        using var json = JsonDocument.Parse(Assert.Single(run.OutLines));
        var features = json.RootElement.GetProperty("features");
        Assert.Equal(5, features.GetProperty("n").GetProperty("value").GetInt64());
        Assert.Equal("PRESENT", features.GetProperty("n").GetProperty("status").GetString());
        Assert.Equal(1000, features.GetProperty("n").GetProperty("age_ms").GetInt64());
        Assert.Equal("DE", features.GetProperty("by").GetProperty("value")[0].GetProperty("key").GetString());
        Assert.Equal(JsonValueKind.Null, features.GetProperty("none").GetProperty("value").ValueKind);
        Assert.Equal(10_000, json.RootElement.GetProperty("head_ms").GetInt64());
        Assert.Equal(1_767_225_600, _seen?.AsOf.Seconds);
    }

    [Fact]
    public async Task Get_UnknownType_IsOneLineWithTheServersHint()
    {
        _server.On(GetContext, call =>
        {
            call.Fail(3, "no entity type 'usr'; did you mean 'user'?");
            return Task.CompletedTask;
        });

        var run = await CliRun.AtAsync(_server, "get", "usr", "u1");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal("", run.Out);
        var line = Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.Contains("did you mean 'user'?", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_TooStale_ShowsTheAnswerAndFails()
    {
        _server.On(GetContext, call =>
        {
            call.Fail(9, "payments/1 is 3 s behind", Context());
            return Task.CompletedTask;
        });

        var run = await CliRun.AtAsync(_server, "get", "user", "u1", "--max-staleness", "1s", "--json");

        Assert.Equal(1, run.ExitCode);
        Assert.Single(run.OutLines);
        Assert.Contains("3 s behind", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get", "user")]
    [InlineData("get", "user", "u1", "--as-of", "yesterday-ish")]
    [InlineData("get", "user", "u1", "--max-staleness", "5 parsecs")]
    [InlineData("get", "user", "u1", "--server", "nowhere")]
    [InlineData("gte", "user", "u1")]
    [InlineData("publish")]
    [InlineData("publish", "--topic", "t", "--batch", "10001")]
    [InlineData("publish", "--topic", "t", "--format", "csv")]
    [InlineData("replay", "start")]
    [InlineData]
    public async Task Any_WrongUse_ExitsWithTwoAndSaysWhy(params string[] args)
    {
        var run = await CliRun.RunAsync(args, null);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_NobodyListens_SaysHowToStart()
    {
        var address = _server.Address.ToString();
        await _server.DisposeAsync();

        var run = await CliRun.RunAsync(["status", "--server", address], null);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("./run.sh", Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_BothForms_TellTheState()
    {
        var status = new GetStatusResponse { Version = "1.0", Ready = true, EventsApplied = 12_345 };
        status.Sources.Add(new SourceStatus { Topic = "payments", AppliedOffset = 41 });
        status.EntityTypes.Add(new EntityTypeStatus { Type = "user", Entities = 7 });
        Reply("GetStatus", status);

        var people = await CliRun.AtAsync(_server, "status");
        var program = await CliRun.AtAsync(_server, "status", "--json");

        Assert.Contains("ready", people.Out, StringComparison.Ordinal);
        Assert.Contains("12,345 events applied", people.Out, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(Assert.Single(program.OutLines));
        Assert.Equal("payments", json.RootElement.GetProperty("sources")[0].GetProperty("topic").GetString());
    }

    [Fact]
    public async Task Dlq_ListAndShow_PrintReasonsAndPayloadsSafely()
    {
        var letter = new DeadLetter
        {
            Id = 4,
            Reason = "wrong_type", Message = "amount is text",
            Source = new SourcePosition { Topic = "payments", Partition = 2, Offset = -1 },
            Payload = ByteString.CopyFromUtf8("{\"amount\":\"\u001b[31mx\"}"),
        };
        Reply("ListDeadLetters", new ListDeadLettersResponse { DeadLetters = { letter }, Total = 9 });
        Reply("GetDeadLetter", letter);

        var list = await CliRun.AtAsync(_server, "dlq", "list");
        var show = await CliRun.AtAsync(_server, "dlq", "show", "4");

        Assert.Contains("wrong_type", list.Out, StringComparison.Ordinal);
        Assert.Contains("1 shown of 9", list.Out, StringComparison.Ordinal);
        Assert.Contains("\\u001b[31mx", show.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', show.Out);
    }

    [Fact]
    public async Task Watch_TwoChanges_ArePrintedALineEach()
    {
        _server.On("/contextgrid.v1.ContextService/WatchContext", async call =>
        {
            for (var i = 0; i < 2; i++)
                await call.WriteAsync(new WatchContextResponse { Context = Context() });
            call.Fail(5, "the type is gone");
        });

        var run = await CliRun.AtAsync(_server, "watch", "user", "u1", "u2");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(2, run.OutLines.Length);
        Assert.Contains("user u1  n=5", run.OutLines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_DerivedFeature_IndentsItsInputs()
    {
        var input = new ExplainResponse { Definition = "n: payment | count() over 5m", Events = 5, WindowEndMs = 10 };
        var answer = new ExplainResponse { Definition = "twice: n * 2", Inputs = { input } };
        _server.On("/contextgrid.v1.ContextService/Explain", call => call.WriteAsync(answer));

        var run = await CliRun.AtAsync(_server, "explain", "user", "u1", "twice");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("\n    n: payment | count() over 5m\n", run.Out, StringComparison.Ordinal);
    }

    private static GetContextResponse Context()
    {
        var map = new Value { MapValue = new MapValue() };
        map.MapValue.Entries.Add(new MapEntry
        {
            Key = new Value { StringValue = "DE" }, Value = new Value { Int64Value = 7 },
        });
        var entity = new EntityContext { Key = "u1", HeadMs = 10_000, NewestEventMs = 9_000 };
        entity.Values.Add([new Value { Int64Value = 5 }, map, new Value()]);
        entity.Statuses.Add([FeatureStatus.Present, FeatureStatus.Present, FeatureStatus.NeverSeen]);
        entity.EventTimesMs.Add([9_000, 9_000, EntityContext.NoEventMs]);
        entity.Degraded.Add("one poison event was skipped");
        entity.Positions.Add(new SourcePosition { Topic = "payments", Partition = 1, Offset = 41 });
        var answer = new GetContextResponse { Entities = { entity } };
        answer.Types_.Add(new TypeHeader { Type = "user", DefinitionVersion = 2, Features = { "n", "by", "none" } });
        answer.Sources.Add(new SourceStatus
        {
            Topic = "payments", Partition = 1, AppliedOffset = 41, LagRecords = 3, LagMs = 120,
        });
        return answer;
    }

    private void Answer() => _server.On(GetContext, async call =>
    {
        _seen = await call.ReadAsync(GetContextRequest.Parser);
        await call.WriteAsync(Context());
    });

    private void Reply(string method, IMessage answer) => _server.On(Admin + method, call => call.WriteAsync(answer));
}
