using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;

namespace ContextGrid.Client.Tests;

/// <summary>What a call fails with that its transport ends, and which calls are sent again (gRPC's PROTOCOL-HTTP2.md,
/// Errors; http-grpc-status-mapping.md; statuscodes.md).</summary>
public sealed class TransportFailureTests : IAsyncLifetime
{
    private static readonly ContextGridClientOptions Quick = new()
    {
        BackoffInitial = TimeSpan.FromMilliseconds(1), BackoffMax = TimeSpan.FromMilliseconds(2), JitterSeed = 1,
    };

    // Both are set by InitializeAsync before any test runs.
    private FakeGrpcServer _server = null!;
    private ContextGridClient _client = null!;

    public static TheoryData<int, GrpcStatusCode, bool> Resets => new()
    {
        { 0x0, GrpcStatusCode.Internal, false },
        { 0x1, GrpcStatusCode.Internal, false },
        { 0x2, GrpcStatusCode.Internal, false },
        { 0x3, GrpcStatusCode.Internal, false },
        { 0x4, GrpcStatusCode.Internal, false },
        { 0x6, GrpcStatusCode.Internal, false },
        { 0x7, GrpcStatusCode.Unavailable, true },
        { 0x8, GrpcStatusCode.Cancelled, false },
        { 0x9, GrpcStatusCode.Internal, false },
        { 0xa, GrpcStatusCode.Internal, false },
        { 0xb, GrpcStatusCode.ResourceExhausted, false },
        { 0xc, GrpcStatusCode.PermissionDenied, false },
    };

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

    [Theory]
    [MemberData(nameof(Resets))]
    public async Task GetAsync_StreamReset_HasTheStatusOfItsCode(int code, GrpcStatusCode status, bool mayRepeat)
    {
        _server.On(Answers.GetContext, call =>
        {
            call.Reset(code);
            return Task.CompletedTask;
        });

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => _client.GetAsync("user", "u1"));

        Assert.Equal(status, failure.StatusCode);
        Assert.Equal(mayRepeat, !failure.RequestSent);
        Assert.Equal(mayRepeat, _server.Calls > 1);
        Assert.DoesNotContain("./run.sh", failure.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Resets))]
    public async Task GetAsync_StreamResetAfterTheHead_HasTheStatusOfItsCode(
        int code, GrpcStatusCode status, bool mayRepeat)
    {
        _server.On(Answers.GetContext, async call =>
        {
            await call.WriteRawAsync([0, 0, 0]);
            call.Reset(code);
        });

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => _client.GetAsync("user", "u1"));

        Assert.Equal(status, failure.StatusCode);
        Assert.Equal(mayRepeat, !failure.RequestSent);
    }

    [Fact]
    public async Task PublishAsync_RefusedStream_IsSentAgainAndOtherResetsAreNot()
    {
        int code = 0x7;
        _server.On("/contextgrid.v1.IngestService/Publish", async call =>
        {
            if (_server.Calls == 1)
                call.Reset(code);
            else
                await call.WriteAsync(new PublishResponse { Accepted = 1 });
        });
        Assert.Equal(1, (await _client.PublishAsync("t", "{}")).Accepted);
        Assert.Equal(2, _server.Calls);

        (code, _server.Calls) = (0x2, 0);
        var failure = await Assert.ThrowsAsync<ContextGridException>(() => _client.PublishAsync("t", "{}"));
        Assert.Equal((GrpcStatusCode.Internal, 1), (failure.StatusCode, _server.Calls));
    }

    [Fact]
    public async Task WatchAsync_ResetThatIsNoRefusal_Ends()
    {
        _server.On("/contextgrid.v1.ContextService/WatchContext", call =>
        {
            call.Reset(0xb);
            return Task.CompletedTask;
        });
        var watch = new WatchRequest { Entities = [new EntityId("user", "u1")] };

        var failure = await Assert.ThrowsAsync<ContextGridException>(async () =>
        {
            await foreach (var _ in _client.WatchAsync(watch))
            {
            }
        });

        Assert.Equal((GrpcStatusCode.ResourceExhausted, 1), (failure.StatusCode, _server.Calls));
    }

    [Theory]
    [InlineData(400, GrpcStatusCode.Internal)]
    [InlineData(401, GrpcStatusCode.Unauthenticated)]
    [InlineData(403, GrpcStatusCode.PermissionDenied)]
    [InlineData(404, GrpcStatusCode.Unimplemented)]
    [InlineData(429, GrpcStatusCode.Unavailable)]
    [InlineData(502, GrpcStatusCode.Unavailable)]
    [InlineData(503, GrpcStatusCode.Unavailable)]
    [InlineData(504, GrpcStatusCode.Unavailable)]
    [InlineData(500, GrpcStatusCode.Unknown)]
    [InlineData(418, GrpcStatusCode.Unknown)]
    [InlineData(301, GrpcStatusCode.Unknown)]
    [InlineData(200, GrpcStatusCode.Unknown)]
    public async Task GetAsync_AnswerWithoutAStatusOfGrpc_HasThatOfHttp(int http, GrpcStatusCode status)
    {
        _server.On(Answers.GetContext, call => call.AnswerHttpAsync(http, "text/html", "<html>bad gateway</html>"));

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => _client.GetAsync("user", "u1"));

        Assert.Equal(status, failure.StatusCode);
        Assert.NotEmpty(failure.Message);
    }

    [Fact]
    public async Task GetAsync_AnswerWithoutTrailers_IsUnknown()
    {
        _server.On(Answers.GetContext, call => call.AnswerHttpAsync(200, "application/grpc", "\0\0\0\0\0"));

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => _client.GetAsync("user", "u1"));

        Assert.Equal(GrpcStatusCode.Unknown, failure.StatusCode);
        Assert.Contains("without a status", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task GetAsync_NoAnswerOrTwo_IsUnimplemented(int answers)
    {
        _server.On(Answers.GetContext, async call =>
        {
            for (var i = 0; i < answers; i++)
                await call.WriteAsync(Answers.Context());
        });

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => _client.GetAsync("user", "u1"));

        Assert.Equal(GrpcStatusCode.Unimplemented, failure.StatusCode);
    }

    // GOAWAY with the last stream that is handled, the call's own, and the end of the connection: it may be handled.
    [Theory]
    [InlineData(0x0)]
    [InlineData(0x2)]
    [InlineData(0xb)]
    public async Task GetAsync_ConnectionClosedWithACode_IsUnavailable(byte code)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync();
        using var client = new ContextGridClient(
            new Uri($"http://{listener.LocalEndpoint}"), Quick with { AttemptsMax = 1 });

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => client.GetAsync("user", "u1"));

        await answering;
        Assert.Equal((GrpcStatusCode.Unavailable, true), (failure.StatusCode, failure.RequestSent));

        async Task AnswerAsync()
        {
            using var socket = await listener.AcceptSocketAsync();
            await socket.SendAsync((byte[])[0, 0, 0, 4, 0, 0, 0, 0, 0]);
            byte[] read = new byte[4096];
            for (var at = 0; !HasData(read.AsSpan(0, at));)
                at += await socket.ReceiveAsync(read.AsMemory(at));
            await socket.SendAsync((byte[])[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, code]);
            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(read) > 0)
            {
            }
        }

        // A frame of data, type 0, after the preface of 24 bytes and frames of other types.
        static bool HasData(ReadOnlySpan<byte> bytes)
        {
            for (var at = 24; at + 9 <= bytes.Length; at += 9 + (BinaryPrimitives.ReadInt32BigEndian(bytes[at..]) >> 8))
            {
                if (bytes[at + 3] == 0)
                    return true;
            }

            return false;
        }
    }

    [Fact]
    public async Task GetAsync_ConnectionBreaks_IsUnavailable()
    {
        _server.On(Answers.GetContext, call =>
        {
            call.BreakConnection();
            return Task.CompletedTask;
        });

        var failure = await Assert.ThrowsAsync<ContextGridException>(() => _client.GetAsync("user", "u1"));

        Assert.Equal(GrpcStatusCode.Unavailable, failure.StatusCode);
    }
}
