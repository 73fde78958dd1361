using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;
using Google.Protobuf;

namespace ContextGrid.Client.Tests;

public sealed class StreamTests
{
    private static readonly ContextGridClientOptions Quick = new()
    {
        BackoffInitial = TimeSpan.FromMilliseconds(1), BackoffMax = TimeSpan.FromMilliseconds(2), JitterSeed = 1,
    };

    [Fact]
    public async Task PublishStream_ManyBatches_AnswersComeInOrderWhileWriting()
    {
        await using var server = await FakeGrpcServer.StartAsync();
        server.On(Answers.PublishStream, async call =>
        {
            while (await call.ReadAsync(PublishRequest.Parser) is { } request)
                await call.WriteAsync(new PublishResponse { Accepted = request.Events.Count });
        });
        using var client = new ContextGridClient(server.Address, Quick);
        using var stream = client.OpenPublishStream();

        await using var answers = stream.ReadAllAsync().GetAsyncEnumerator();
        for (var i = 1; i <= 50; i++)
        {
            var batch = new PublishRequest { Topic = "t" };
            for (var j = 0; j < i; j++)
                batch.Events.Add(new PublishEvent { Payload = ByteString.CopyFromUtf8(new string('x', 100)) });
            await stream.WriteAsync(batch);
            Assert.True(await answers.MoveNextAsync());
            Assert.Equal(i, answers.Current.Accepted);
        }

        stream.Complete();
        Assert.False(await answers.MoveNextAsync());
    }

    [Fact]
    public async Task PublishStream_RefusedByTheServer_ReaderSaysWhy()
    {
        await using var server = await FakeGrpcServer.StartAsync();
        server.On(Answers.PublishStream, async call =>
        {
            await call.ReadAsync(PublishRequest.Parser);
            call.Fail(5, "no topic 'paymens'; did you mean 'payments'?");
        });
        using var client = new ContextGridClient(server.Address, Quick);
        using var stream = client.OpenPublishStream();
        await stream.WriteAsync(new PublishRequest { Topic = "paymens" });

        var failure = await Assert.ThrowsAsync<ContextGridException>(async () =>
        {
            await foreach (var _ in stream.ReadAllAsync())
            {
            }
        });

        Assert.Equal(GrpcStatusCode.NotFound, failure.StatusCode);
        Assert.Contains("payments", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishStream_NobodyListens_WriterAndReaderFail()
    {
        var server = await FakeGrpcServer.StartAsync();
        var address = server.Address;
        await server.DisposeAsync();
        using var client = new ContextGridClient(address, Quick);
        using var stream = client.OpenPublishStream();

        var failure = await Assert.ThrowsAsync<ContextGridException>(
            () => stream.WriteAsync(new PublishRequest { Topic = "t" }));

        Assert.False(failure.RequestSent);
    }

    [Fact]
    public async Task WatchAsync_ConnectionBreaks_ResumesWithTheLastToken()
    {
        await using var server = await FakeGrpcServer.StartAsync();
        using var taken = new SemaphoreSlim(0);
        var tokens = new List<string>();
        server.On(Answers.Watch, async call =>
        {
            var request = await call.ReadAsync(WatchContextRequest.Parser);
            tokens.Add(request?.ResumeToken.ToStringUtf8() ?? "");
            for (var i = 1; i <= 2; i++)
            {
                var token = ByteString.CopyFromUtf8($"{tokens.Count}.{i}");
                await call.WriteAsync(new WatchContextResponse { Context = Answers.Context(), ResumeToken = token });
            }

            // A reset discards what the reader has not taken yet.
            await taken.WaitAsync();
            call.BreakConnection();
        });
        using var client = new ContextGridClient(server.Address, Quick);
        var request = new WatchRequest { Entities = [new EntityId("user", "u1")] };

        var seen = 0;
        await foreach (var change in client.WatchAsync(request))
        {
            Assert.Equal(5, change.Context.Entities[0]["n"].AsInt64);
            if (++seen % 2 == 0)
                taken.Release();
            if (seen == 5)
                break;
        }

        Assert.Equal(["", "1.2", "2.2"], tokens);
    }

    [Fact]
    public async Task WatchAsync_UnknownType_FailsAtOnce()
    {
        await using var server = await FakeGrpcServer.StartAsync();
        server.On(Answers.Watch, call =>
        {
            call.Fail(3, "no entity type 'usr'; did you mean 'user'?");
            return Task.CompletedTask;
        });
        using var client = new ContextGridClient(server.Address, Quick);
        var watch = client.WatchAsync(new WatchRequest { Entities = [new EntityId("usr", "u1")] });

        var failure = await Assert.ThrowsAsync<ContextGridException>(
            async () => await watch.GetAsyncEnumerator().MoveNextAsync());

        Assert.Equal(GrpcStatusCode.InvalidArgument, failure.StatusCode);
        Assert.Equal(1, server.Calls);
    }
}
