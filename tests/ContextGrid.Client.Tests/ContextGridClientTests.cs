using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;
using Google.Protobuf;

namespace ContextGrid.Client.Tests;

public sealed class ContextGridClientTests : IAsyncLifetime
{
    private static readonly ContextGridClientOptions Quick = new()
    {
        BackoffInitial = TimeSpan.FromMilliseconds(1),
        BackoffMax = TimeSpan.FromMilliseconds(2),
        JitterSeed = 1,
    };

    // Both are set by InitializeAsync before any test runs.
    private FakeGrpcServer _server = null!;
    private ContextGridClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeGrpcServer.StartAsync();
        _client = new ContextGridClient(_server.Address, Quick);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task GetAsync_AllKinds_AreTyped()
    {
        GetContextRequest? seen = null;
        _server.On(Answers.GetContext, async call =>
        {
            seen = await call.ReadAsync(GetContextRequest.Parser);
            await call.WriteAsync(Answers.Context());
        });

        var user = await _client.GetAsync("user", "u1", "n", "avg");

        Assert.Equal(["n", "avg"], seen?.Features);
        Assert.Equal(new EntityId("user", "u1"), user.Id);
        Assert.Equal(5, user["n"].AsInt64);
        Assert.Equal(5.0, user["n"].AsDouble);
        Assert.Equal(2.5, user["avg"].AsDouble);
        Assert.True(user["avg"].IsApproximate);
        Assert.Equal("x", user["last"].AsString);
        Assert.Equal(3, user["list"].AsList?[0]?.AsInt64);
        Assert.Null(user["list"].AsList?[1]);
        Assert.Equal("DE", user["map"].AsMap?[0].Key.AsString);
        Assert.True(user["none"].IsNull);
        Assert.Equal(FeatureStatus.NeverSeen, user["none"].Status);
        Assert.Null(user["none"].EventTime);
        Assert.Equal(TimeSpan.FromSeconds(1), user["n"].Age);
        Assert.Throws<InvalidOperationException>(() => user["last"].AsInt64);
        Assert.Throws<KeyNotFoundException>(() => user["nope"]);
    }

    [Fact]
    public async Task GetAsync_HeadsAndLimits_AreSent()
    {
        var seen = new List<GetContextRequest>();
        _server.On(Answers.GetContext, async call =>
        {
            seen.Add(await call.ReadAsync(GetContextRequest.Parser) ?? new GetContextRequest());
            await call.WriteAsync(Answers.Context());
        });
        var request = new ContextRequest
        {
            Entities = [new EntityId("user", "u1")],
            AsOf = DateTimeOffset.FromUnixTimeMilliseconds(1234),
            MaxStaleness = TimeSpan.FromSeconds(2),
        };

        await _client.GetAsync(request);
        await _client.GetAsync(request with { Newest = true });

        Assert.Equal(1234, seen[0].AsOf.ToDateTimeOffset().ToUnixTimeMilliseconds());
        Assert.Equal(2, seen[0].MaxStaleness.Seconds);
        Assert.True(seen[1].Newest);
    }

    [Fact]
    public async Task GetAsync_TooStale_CarriesTheAnswerItWouldHaveGiven()
    {
        _server.On(Answers.GetContext, call =>
        {
            call.Fail(9, "3 s behind, größer als erlaubt", Answers.Context());
            return Task.CompletedTask;
        });

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => _client.GetAsync("user", "u1"));

        Assert.Equal(GrpcStatusCode.FailedPrecondition, failure.StatusCode);
        Assert.Equal("3 s behind, größer als erlaubt", failure.Message);
        Assert.Equal(5, failure.RefusedAnswer?.Entities[0]["n"].AsInt64);
        Assert.Equal(1, _server.Calls);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(7)]
    public async Task ListDeadLettersAsync_Limit_IsSentAsItIsAndOnlyThen(int? limit)
    {
        ListDeadLettersRequest? seen = null;
        _server.On("/contextgrid.v1.AdminService/ListDeadLetters", async call =>
        {
            seen = await call.ReadAsync(ListDeadLettersRequest.Parser);
            await call.WriteAsync(new ListDeadLettersResponse());
        });

        await _client.ListDeadLettersAsync(limit);

        Assert.Equal((limit is not null, limit ?? 0), (seen?.HasLimit, seen?.Limit));
    }

    [Fact]
    public async Task GetAsync_UnavailableTwice_SucceedsAtTheThird()
    {
        _server.On(Answers.GetContext, async call =>
        {
            if (_server.Calls < 3)
                call.Fail(14, "stopping");
            else
                await call.WriteAsync(Answers.Context());
        });

        Assert.Equal(6, (await _client.GetAsync("user", "u1")).Count);
        Assert.Equal(3, _server.Calls);
    }

    [Fact]
    public async Task GetAsync_CompressedBothWays_IsRead()
    {
        string? encoding = null;
        _server.On(Answers.GetContext, async call =>
        {
            encoding = call.Headers["grpc-encoding"];
            var request = await call.ReadAsync(GetContextRequest.Parser);
            call.UseGzip();
            await call.WriteAsync(Answers.Context(request?.Entities[0].Key ?? ""));
        });
        using var client = new ContextGridClient(_server.Address, Quick with { CompressRequests = true });

        Assert.Equal("zz", (await client.GetAsync("user", "zz")).Id.Key);
        Assert.Equal("gzip", encoding);
    }

    [Fact]
    public async Task GetAsync_CompressedAnswerThatIsNotWhole_IsRefused()
    {
        _server.On(Answers.GetContext, async call =>
        {
            call.UseGzip(cut: 3);
            await call.WriteAsync(Answers.Context());
        });

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => _client.GetAsync("user", "u1"));

        Assert.Equal(GrpcStatusCode.Internal, failure.StatusCode);
        Assert.Contains("ends too early", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetAsync_MetadataAndTimeout_ReachTheServer()
    {
        string? tenant = null, timeout = null;
        _server.On(Answers.GetContext, async call =>
        {
            (tenant, timeout) = (call.Headers["x-tenant"], call.Headers["grpc-timeout"]);
            await call.WriteAsync(Answers.Context());
        });
        var options = Quick with
        {
            Timeout = TimeSpan.FromSeconds(9), Metadata = new Dictionary<string, string> { ["x-tenant"] = "t1" },
        };
        using var client = new ContextGridClient(_server.Address, options);

        await client.GetAsync("user", "u1");

        Assert.Equal("t1", tenant);
        Assert.Matches("^[0-9]{4}m$", timeout);
    }

    [Fact]
    public async Task GetStatusAsync_SilentServer_EndsWithDeadlineExceeded()
    {
        _server.On(Answers.GetStatus, call => Task.Delay(Timeout.Infinite, call.Aborted)
            .ContinueWith(_ => { }, TaskScheduler.Default));
        using var client = new ContextGridClient(
            _server.Address, Quick with { Timeout = TimeSpan.FromMilliseconds(200) });

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => client.GetStatusAsync());

        Assert.Equal(GrpcStatusCode.DeadlineExceeded, failure.StatusCode);
    }

    [Fact]
    public async Task GetStatusAsync_Cancelled_ThrowsCancellationAndTellsTheServer()
    {
        var arrived = new TaskCompletionSource();
        var told = new TaskCompletionSource();
        _server.On(Answers.GetStatus, async call =>
        {
            call.Aborted.Register(told.SetResult);
            arrived.SetResult();
            await told.Task;
        });
        using var cancel = new CancellationTokenSource();

        var pending = _client.GetStatusAsync(cancel.Token);
        await arrived.Task;
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
        await told.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task GetStatusAsync_NobodyListens_SaysSoAndWhatToDo()
    {
        await _server.DisposeAsync();

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => _client.GetStatusAsync());

        Assert.Equal(GrpcStatusCode.Unavailable, failure.StatusCode);
        Assert.False(failure.RequestSent);
        Assert.Contains("cannot be reached", failure.Message, StringComparison.Ordinal);
        Assert.Contains("./run.sh", failure.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishAsync_OutcomeUnknown_IsRepeatedOnlyWithIds()
    {
        _server.On(Answers.Publish, call =>
        {
            call.Fail(14, "stopping");
            return Task.CompletedTask;
        });
        var events = new[] { new PublishEvent { Payload = ByteString.CopyFromUtf8("{}") } };

        await Assert.ThrowsAsync<ContextGridException>(() => _client.PublishAsync("t", events));
        Assert.Equal(1, _server.Calls);
        await Assert.ThrowsAsync<ContextGridException>(
            () => _client.PublishAsync("t", events, new PublishOptions { EventsHaveIds = true }));
        Assert.Equal(1 + Quick.AttemptsMax, _server.Calls);
    }

    [Fact]
    public async Task PublishAsync_SomeRefused_NamesThem()
    {
        _server.On(Answers.Publish, async call =>
        {
            var request = await call.ReadAsync(PublishRequest.Parser);
            var answer = new PublishResponse { Accepted = request?.Events.Count - 1 ?? 0 };
            answer.Positions.Add(new SourcePosition { Topic = request?.Topic ?? "", Partition = 1, Offset = 41 });
            answer.Refused.Add(new RefusedEvent { Index = 1, Reason = "invalid_json", Message = "no object" });
            await call.WriteAsync(answer);
        });

        var result = await _client.PublishAsync("payments", "{}", "oops");

        Assert.Equal(1, result.Accepted);
        Assert.Equal(41, result.Positions[0].Offset);
        Assert.Equal("invalid_json", result.Refused[0].Reason);
    }
}
