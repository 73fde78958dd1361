using System.Net;
using ContextGrid.Integration.Tests.Grpc;
using ContextGrid.Server.Grpc;
using ContextGrid.Tests.Interop;
using Google.Protobuf;

namespace ContextGrid.Server.Tests.Grpc;

/// <summary>What the dispatcher answers to requests that are wrong in form.</summary>
public sealed class GrpcDispatcherTests
{
    private const string Unary = "/grpc.testing.TestService/UnaryCall";
    private const string StreamIn = "/grpc.testing.TestService/StreamingInputCall";

    private static readonly byte[] EmptyFrame = GrpcProbe.Frame(new SimpleRequest());

    [Theory]
    [InlineData("/grpc.testing.TestService/Nothing")]
    [InlineData("/grpc.testing.TestService/UnimplementedCall")]
    [InlineData("/no.Service/Call")]
    [InlineData("/")]
    public async Task Invoke_UnknownMethod_IsUnimplementedInOneFrame(string path)
    {
        var answer = await CallAsync(path, EmptyFrame);
        Assert.Equal(HttpStatusCode.OK, answer.Http);
        Assert.True(answer.IsTrailersOnly);
        Assert.Equal("12", answer.Status);
        Assert.Contains(path, answer.Message);
    }

    [Theory]
    [InlineData("content-type", "application/json", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("content-type", "application/grpc+json", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("content-type", "application/grpc-web", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("content-type", "application/grpcx", HttpStatusCode.UnsupportedMediaType)]
    [InlineData(":method", "PUT", HttpStatusCode.MethodNotAllowed)]
    public async Task Invoke_NotGrpc_AnswersHttpStatus(string header, string value, HttpStatusCode expected)
    {
        var answer = await CallAsync(Unary, EmptyFrame, (header, value));
        Assert.Equal(expected, answer.Http);
    }

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc;charset=utf-8")]
    [InlineData("application/grpc+proto; x=y")]
    public async Task Invoke_GrpcContentType_IsServed(string contentType)
    {
        var answer = await CallAsync(Unary, EmptyFrame, ("content-type", contentType));
        Assert.Equal("0", answer.Status);
        Assert.Equal("application/grpc", answer.Headers.GetValueOrDefault("content-type", "application/grpc"));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "8")]
    public async Task Invoke_MessageAtLimit_IsTakenAndOneByteMoreRefused(int over, string status)
    {
        var request = new SimpleRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[5000]) } };
        var options = new GrpcOptions { ReceiveBytesMax = request.CalculateSize() - over };
        var answer = await CallAsync(options, Unary, GrpcProbe.Frame(request));
        Assert.Equal(status, answer.Status);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "8")]
    public async Task Invoke_ResponseAtLimit_IsSentAndOneByteMoreRefused(int over, string status)
    {
        var response = new SimpleResponse { Payload = new Payload { Body = ByteString.CopyFrom(new byte[5000]) } };
        var options = new GrpcOptions { SendBytesMax = response.CalculateSize() - over };
        var answer = await CallAsync(options, Unary, GrpcProbe.Frame(new SimpleRequest { ResponseSize = 5000 }));
        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task Invoke_DefaultLimit_IsFourMebibytes()
    {
        var answer = await CallAsync(Unary, [0, 0, 0x40, 0, 1]);
        Assert.Equal("8", answer.Status);
        Assert.Contains("4194304", answer.Message);
        Assert.Contains("grpc-status-details-bin", answer.Headers.Keys);
    }

    [Fact]
    public async Task Invoke_NoProtobuf_NamesTheMessage()
    {
        var answer = await CallAsync(Unary, GrpcProbe.Frame([0xFF, 0xFF, 0xFF], flag: 0));
        Assert.Equal("13", answer.Status);
        Assert.Contains("SimpleRequest", answer.Message);
    }

    [Fact]
    public async Task Invoke_NestingTooDeep_IsRefused()
    {
        // An unknown group inside of itself, a thousand times: field 100, wire type 3.
        byte[] deep = [.. Enumerable.Repeat<byte[]>([0xA3, 0x06], 1000).SelectMany(b => b)];
        var answer = await CallAsync(Unary, GrpcProbe.Frame(deep, flag: 0));
        Assert.Equal("13", answer.Status);
    }

    public static TheoryData<string, byte[], string, string> BrokenBodies => new()
    {
        { "nothing", [], "12", "none was sent" },
        { "half a prefix", [0, 0], "13", "ended inside" },
        { "half a message", [0, 0, 0, 0, 9, 1, 2], "13", "ended inside" },
        { "two messages", [.. EmptyFrame, .. EmptyFrame], "12", "more were sent" },
        { "unknown flag", [2, 0, 0, 0, 0], "13", "flag 2" },
    };

    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task Invoke_BrokenUnaryBody_SaysWhatIsWrong(string name, byte[] body, string status, string expected)
    {
        var answer = await CallAsync(Unary, body);
        Assert.True(answer.Status == status, name);
        Assert.Contains(expected, answer.Message);
    }

    [Fact]
    public async Task Invoke_StreamEndsInsideMessage_IsRefused()
    {
        byte[] body = [.. GrpcProbe.Frame(new StreamingInputCallRequest()), 0, 0, 0];
        var answer = await CallAsync(StreamIn, body);
        Assert.Equal("13", answer.Status);
        Assert.Contains("ended inside", answer.Message);
    }

    [Theory]
    [InlineData("grpc-timeout", "soon")]
    [InlineData("x-grpc-test-echo-trailing-bin", "$$$")]
    public async Task Invoke_MalformedHeader_IsRefused(string name, string value)
    {
        var answer = await CallAsync(Unary, EmptyFrame, (name, value));
        Assert.Equal("13", answer.Status);
        Assert.Contains(name, answer.Message);
    }

    [Fact]
    public async Task Invoke_ErrorAfterTrailerMetadata_SendsBoth()
    {
        var request = new SimpleRequest { ResponseStatus = new EchoStatus { Code = 2, Message = "☺ 100%" } };
        var answer = await CallAsync(
            Unary,
            GrpcProbe.Frame(request),
            ("x-grpc-test-echo-initial", "first"),
            ("x-grpc-test-echo-trailing-bin", "AQID"));
        Assert.Equal("2", answer.Status);
        Assert.Equal("☺ 100%", answer.Message);
        Assert.Equal("first", answer.Headers["x-grpc-test-echo-initial"]);
        Assert.Equal("AQID", answer.Trailers["x-grpc-test-echo-trailing-bin"]);
    }

    private static Task<GrpcProbeAnswer> CallAsync(
        string path, byte[] body, params IEnumerable<(string, string)> headers) =>
        CallAsync(new GrpcOptions(), path, body, headers);

    private static async Task<GrpcProbeAnswer> CallAsync(
        GrpcOptions options, string path, byte[] body, params IEnumerable<(string, string)> headers)
    {
        await using var host = await GrpcTestHost.StartAsync(options, InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        return await probe.CallAsync(path, body, headers);
    }
}
