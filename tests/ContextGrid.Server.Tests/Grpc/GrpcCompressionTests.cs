using System.IO.Compression;
using ContextGrid.Integration.Tests.Grpc;
using ContextGrid.Server.Grpc;
using ContextGrid.Tests.Interop;
using Google.Protobuf;

namespace ContextGrid.Server.Tests.Grpc;

/// <summary>The compressed cases of gRPC's interoperability tests, which need the flags of single messages
/// (grpc/grpc, doc/interop-test-descriptions.md), and the bounds of inflation.</summary>
public sealed class GrpcCompressionTests
{
    private const string Unary = "/grpc.testing.TestService/UnaryCall";
    private const string StreamIn = "/grpc.testing.TestService/StreamingInputCall";
    private const string StreamOut = "/grpc.testing.TestService/StreamingOutputCall";

    private static readonly (string, string) SendsGzip = ("grpc-encoding", "gzip");
    private static readonly (string, string) TakesGzip = ("grpc-accept-encoding", "identity,deflate,gzip");
    private static readonly BoolValue True = new() { Value = true };
    private static readonly BoolValue False = new() { Value = false };

    [Fact]
    public async Task ClientCompressedUnary_ProbeThenBoth_AnswersAsDescribed()
    {
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        var compressed = Simple(expect: True);
        var refused = await probe.CallAsync(Unary, GrpcProbe.Frame(compressed), SendsGzip);
        Assert.Equal("3", refused.Status);

        var first = await probe.CallAsync(Unary, GrpcProbe.GzipFrame(compressed), SendsGzip);
        var second = await probe.CallAsync(Unary, GrpcProbe.Frame(Simple(expect: False)), SendsGzip);
        Assert.Equal(314_159, SimpleResponse.Parser.ParseFrom(first.Messages[0].Bytes).Payload.Body.Length);
        Assert.Equal(314_159, SimpleResponse.Parser.ParseFrom(second.Messages[0].Bytes).Payload.Body.Length);
    }

    [Fact]
    public async Task ServerCompressedUnary_Both_FlagsAsAsked()
    {
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        foreach (var asked in new[] { True, False })
        {
            var request = Simple(expect: null);
            request.ResponseCompressed = asked;
            var answer = await probe.CallAsync(Unary, GrpcProbe.Frame(request), TakesGzip);
            Assert.Equal("0", answer.Status);
            Assert.Equal(asked.Value, answer.Messages[0].Compressed);
            Assert.Equal(314_159, SimpleResponse.Parser.ParseFrom(answer.Messages[0].Bytes).Payload.Body.Length);
        }
    }

    [Fact]
    public async Task ClientCompressedStreaming_ProbeThenBoth_AnswersAsDescribed()
    {
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        var first = new StreamingInputCallRequest { ExpectCompressed = True, Payload = Zeros(27_182) };
        var second = new StreamingInputCallRequest { ExpectCompressed = False, Payload = Zeros(45_904) };
        var refused = await probe.CallAsync(StreamIn, GrpcProbe.Frame(first), SendsGzip);
        Assert.Equal("3", refused.Status);

        var answer = await probe.CallAsync(
            StreamIn, [.. GrpcProbe.GzipFrame(first), .. GrpcProbe.Frame(second)], SendsGzip);
        Assert.Equal("0", answer.Status);
        var response = StreamingInputCallResponse.Parser.ParseFrom(answer.Messages[0].Bytes);
        Assert.Equal(73_086, response.AggregatedPayloadSize);
    }

    [Fact]
    public async Task ServerCompressedStreaming_Both_FlagsEachMessage()
    {
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        var request = new StreamingOutputCallRequest
        {
            ResponseParameters =
            {
                new ResponseParameters { Size = 31_415, Compressed = True },
                new ResponseParameters { Size = 92_653, Compressed = False },
            },
        };
        var answer = await probe.CallAsync(StreamOut, GrpcProbe.Frame(request), TakesGzip);
        Assert.Equal([true, false], answer.Messages.Select(m => m.Compressed));
        Assert.Equal(
            [31_415, 92_653],
            answer.Messages.Select(m => StreamingOutputCallResponse.Parser.ParseFrom(m.Bytes).Payload.Body.Length));
    }

    [Fact]
    public async Task Response_ClientTakesNoGzip_IsNotCompressed()
    {
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        var request = Simple(expect: null);
        request.ResponseCompressed = True;
        var answer = await probe.CallAsync(Unary, GrpcProbe.Frame(request));
        Assert.False(answer.Messages[0].Compressed);
    }

    [Fact]
    public async Task Request_InflatesBeyondLimit_IsRefused()
    {
        var options = new GrpcOptions { ReceiveBytesMax = 100_000 };
        await using var host = await GrpcTestHost.StartAsync(options, InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        var bomb = GrpcProbe.GzipFrame(new SimpleRequest { Payload = Zeros(50_000_000) });
        Assert.True(bomb.Length < 500_000);
        var small = GrpcProbe.GzipFrame(new SimpleRequest { Payload = Zeros(5_000_000) });
        Assert.True(small.Length < 100_000);
        Assert.Equal("8", (await probe.CallAsync(Unary, bomb, SendsGzip)).Status);
        Assert.Equal("8", (await probe.CallAsync(Unary, small, SendsGzip)).Status);
    }

    [Fact]
    public async Task Request_NoGzipUnderGzipFlag_IsRefused()
    {
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        var answer = await probe.CallAsync(Unary, GrpcProbe.Frame([1, 2, 3, 4], flag: 1), SendsGzip);
        Assert.Equal("13", answer.Status);
        Assert.Contains("gzip", answer.Message);
    }

    [Fact]
    public async Task Request_GzipThatIsNotWhole_IsRefusedAndNamed()
    {
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        var whole = GrpcProbe.Gzip(Simple(expect: True).ToByteArray());
        Assert.Equal("0", (await probe.CallAsync(Unary, GrpcProbe.Frame(whole, flag: 1), SendsGzip)).Status);
        foreach (var (message, cause) in new (byte[], string)[]
        {
            (whole[..^1], "it ends too early"), (whole[..^8], "it ends too early"),
            (whole[..(whole.Length / 2)], "it ends too early"), (Flushed(), "it ends too early"),
            ([.. whole, 1], " its end"), ([1, 2, 3, 4], "is not gzip"),
        })
        {
            var answer = await probe.CallAsync(Unary, GrpcProbe.Frame(message, flag: 1), SendsGzip);
            Assert.Equal("13", answer.Status);
            Assert.Contains(cause, answer.Message);
            Assert.DoesNotContain("archive", answer.Message);
        }
    }

    [Fact]
    public async Task Request_FlaggedWithoutEncoding_IsRefused()
    {
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        var answer = await probe.CallAsync(Unary, GrpcProbe.GzipFrame(new SimpleRequest()));
        Assert.Equal("13", answer.Status);
    }

    [Fact]
    public async Task Request_UnknownEncoding_NamesTheKnownOnes()
    {
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        using var probe = new GrpcProbe(host.Target);
        var answer = await probe.CallAsync(Unary, GrpcProbe.Frame(new SimpleRequest()), ("grpc-encoding", "br"));
        Assert.Equal("12", answer.Status);
        Assert.Equal("identity,gzip", answer.Headers["grpc-accept-encoding"]);
    }

    // A message that can be read to its last byte, in a stream without an end.
    private static byte[] Flushed()
    {
        using var packed = new MemoryStream();
        using var gzip = new GZipStream(packed, CompressionLevel.Fastest);
        Simple(expect: True).WriteTo(gzip);
        gzip.Flush();
        return packed.ToArray();
    }

    private static SimpleRequest Simple(BoolValue? expect) =>
        new() { ExpectCompressed = expect, ResponseSize = 314_159, Payload = Zeros(271_828) };

    private static Payload Zeros(int size) => new() { Body = ByteString.CopyFrom(new byte[size]) };
}
