using System.Buffers;
using System.Net.Http;
using ContextGrid.Integration.Tests.Grpc;
using ContextGrid.Server.Grpc;
using ContextGrid.Tests.Interop;
using Google.Protobuf;

namespace ContextGrid.Server.Tests.Grpc;

/// <summary>Deadlines, cancellation, back-pressure and shutdown, seen from both ends of a call.</summary>
public sealed class GrpcCallTests
{
    private const string EmptyCall = "/grpc.testing.TestService/EmptyCall";
    private const string StreamOut = "/grpc.testing.TestService/StreamingOutputCall";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Deadline_HandlerWaits_EndsWithDeadlineExceeded()
    {
        await using var host = await UnaryHostAsync(async (_, call) =>
        {
            Assert.NotNull(call.Remaining);
            await Task.Delay(Timeout.Infinite, call.CancellationToken);
            return new Empty();
        });
        using var probe = new GrpcProbe(host.Target);
        var answer = await probe.CallAsync(EmptyCall, GrpcProbe.Frame(new Empty()), ("grpc-timeout", "50m"));
        Assert.Equal("4", answer.Status);
    }

    // A handler that does not look at the clock: what it answers comes too late all the same.
    [Fact]
    public async Task Deadline_HandlerAnswersAfterIt_IsNeverOk()
    {
        await using var host = await UnaryHostAsync(async (_, call) =>
        {
            var late = new TaskCompletionSource();
            await using var registration = call.CancellationToken.Register(late.SetResult);
            await late.Task;
            return new Empty();
        });
        using var probe = new GrpcProbe(host.Target);
        var answer = await probe.CallAsync(EmptyCall, GrpcProbe.Frame(new Empty()), ("grpc-timeout", "20m"));
        Assert.Equal("4", answer.Status);
        Assert.Empty(answer.Messages);
    }

    [Fact]
    public async Task Deadline_HandlerEndsInTime_IsOk()
    {
        TimeSpan? timeout = null;
        await using var host = await UnaryHostAsync((_, call) =>
        {
            timeout = call.Timeout;
            return new ValueTask<Empty>(new Empty());
        });
        using var probe = new GrpcProbe(host.Target);
        var answer = await probe.CallAsync(EmptyCall, GrpcProbe.Frame(new Empty()), ("grpc-timeout", "5M"));
        Assert.Equal("0", answer.Status);
        Assert.Equal(TimeSpan.FromMinutes(5), timeout);
    }

    [Fact]
    public async Task Cancel_ByClient_ReachesHandler()
    {
        var entered = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var host = await UnaryHostAsync(async (_, call) =>
        {
            call.CancellationToken.Register(cancelled.SetResult);
            entered.SetResult();
            await cancelled.Task;
            call.CancellationToken.ThrowIfCancellationRequested();
            return new Empty();
        });
        using var probe = new GrpcProbe(host.Target);
        using var cancel = new CancellationTokenSource();
        var call = probe.StartAsync(
            EmptyCall, new ByteArrayContent(GrpcProbe.Frame(new Empty())), [], cancel.Token);
        await entered.Task.WaitAsync(Limit);
        await cancel.CancelAsync();
        await cancelled.Task.WaitAsync(Limit);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Stream_ClientDoesNotRead_HandlerIsHeldBack()
    {
        const int messages = 1000;
        const int bytes = 64 * 1024;
        var heldBackAt = new TaskCompletionSource<int>();
        var service = new GrpcService(TestReflection.Descriptor.Services[0])
            .ServerStreaming<StreamingOutputCallRequest, StreamingOutputCallResponse>(
                "StreamingOutputCall",
                StreamingOutputCallRequest.Parser,
                async (_, responses, _) =>
                {
                    var message = new StreamingOutputCallResponse
                    {
                        Payload = new Payload { Body = ByteString.CopyFrom(new byte[bytes]) },
                    };
                    for (var i = 0; i < messages; i++)
                    {
                        var write = responses.WriteAsync(message).AsTask();
                        if (!heldBackAt.Task.IsCompleted
                            && await Task.WhenAny(write, Task.Delay(500)) != write)
                        {
                            heldBackAt.SetResult(i);
                        }

                        await write;
                    }
                });
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), service);
        using var probe = new GrpcProbe(host.Target);
        using var response = await probe.StartAsync(
            StreamOut, new ByteArrayContent(GrpcProbe.Frame(new StreamingOutputCallRequest())), [], default);
        Assert.InRange(await heldBackAt.Task.WaitAsync(Limit), 1, messages / 2);

        var body = await response.Content.ReadAsByteArrayAsync().WaitAsync(Limit);
        Assert.InRange(body.Length, messages * bytes, messages * (bytes + 32));
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task Stop_OpenStream_EndsWithUnavailable()
    {
        var service = new GrpcService(TestReflection.Descriptor.Services[0])
            .Duplex<StreamingOutputCallRequest, StreamingOutputCallResponse>(
                "FullDuplexCall",
                StreamingOutputCallRequest.Parser,
                async (_, responses, call) =>
                {
                    await responses.WriteHeadersAsync();
                    await Task.Delay(Timeout.Infinite, call.CancellationToken);
                });
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), service);
        using var probe = new GrpcProbe(host.Target);
        using var response = await probe.StartAsync(
            "/grpc.testing.TestService/FullDuplexCall", new ByteArrayContent([]), [], default);
        await host.StopAsync().WaitAsync(Limit);
        await response.Content.ReadAsByteArrayAsync().WaitAsync(Limit);
        Assert.Equal("14", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    [InlineData(1_000_000)]
    public async Task RawUnary_Bytes_GoThroughUnchanged(int size)
    {
        var service = new GrpcService(TestReflection.Descriptor.Services[0])
            .RawUnary("UnaryCall", static (request, response, _) =>
            {
                foreach (var part in request)
                {
                    response.Write(part.Span);
                }

                return ValueTask.CompletedTask;
            });
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), service);
        using var probe = new GrpcProbe(host.Target);
        var sent = Enumerable.Range(0, size).Select(i => (byte)i).ToArray();
        foreach (var (frame, headers) in new (byte[], (string, string)[])[]
        {
            (GrpcProbe.Frame(sent, flag: 0), []),
            (GrpcProbe.Frame(GrpcProbe.Gzip(sent), flag: 1),
                [("grpc-encoding", "gzip"), ("grpc-accept-encoding", "gzip")]),
        })
        {
            var answer = await probe.CallAsync("/grpc.testing.TestService/UnaryCall", frame, headers);
            Assert.Equal("0", answer.Status);
            Assert.Equal(sent, answer.Messages.Single().Bytes);
            Assert.Equal(headers.Length > 0 && size >= 1024, answer.Messages.Single().Compressed);
        }
    }

    [Fact]
    public void Service_WrongKindOrNameOrTwice_IsRefusedAtStart()
    {
        var service = new GrpcService(TestReflection.Descriptor.Services[0]);
        Assert.Throws<ArgumentException>(() => service.RawUnary("Nothing", (_, _, _) => default));
        Assert.Throws<ArgumentException>(() => service.RawUnary("FullDuplexCall", (_, _, _) => default));
        service.RawUnary("EmptyCall", (_, _, _) => default);
        Assert.Throws<ArgumentException>(() => service.RawUnary("EmptyCall", (_, _, _) => default));
    }

    private static Task<GrpcTestHost> UnaryHostAsync(GrpcUnaryHandler<Empty, Empty> handler) =>
        GrpcTestHost.StartAsync(
            new GrpcOptions(),
            new GrpcService(TestReflection.Descriptor.Services[0]).Unary("EmptyCall", Empty.Parser, handler));
}
