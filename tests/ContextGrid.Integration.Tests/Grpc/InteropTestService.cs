using ContextGrid.Tests.Interop;
using ContextGrid.Server.Grpc;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests.Grpc;

/// <summary>The server's part of gRPC's interoperability tests (grpc/grpc, doc/interop-test-descriptions.md).
/// UnimplementedCall and HalfDuplexCall have no handler on purpose.</summary>
public static class InteropTestService
{
    public static GrpcService Create() => new GrpcService(TestReflection.Descriptor.Services[0])
        .Unary<Empty, Empty>("EmptyCall", Empty.Parser, static (_, call) =>
        {
            EchoMetadata(call);
            return new ValueTask<Empty>(new Empty());
        })
        .Unary<SimpleRequest, SimpleResponse>("UnaryCall", SimpleRequest.Parser, UnaryCallAsync)
        .ClientStreaming<StreamingInputCallRequest, StreamingInputCallResponse>(
            "StreamingInputCall", StreamingInputCallRequest.Parser, StreamingInputCallAsync)
        .ServerStreaming<StreamingOutputCallRequest, StreamingOutputCallResponse>(
            "StreamingOutputCall", StreamingOutputCallRequest.Parser, StreamingOutputCallAsync)
        .Duplex<StreamingOutputCallRequest, StreamingOutputCallResponse>(
            "FullDuplexCall", StreamingOutputCallRequest.Parser, FullDuplexCallAsync);

    private static ValueTask<SimpleResponse> UnaryCallAsync(SimpleRequest request, GrpcCallContext call)
    {
        EchoMetadata(call);
        RequireCompression(request.ExpectCompressed, call);
        ThrowStatus(request.ResponseStatus);
        call.CompressResponse = request.ResponseCompressed?.Value;
        return new ValueTask<SimpleResponse>(new SimpleResponse { Payload = Zeros(request.ResponseSize) });
    }

    private static async ValueTask<StreamingInputCallResponse> StreamingInputCallAsync(
        GrpcRequestReader<StreamingInputCallRequest> requests, GrpcCallContext call)
    {
        var sum = 0;
        while (await requests.ReadAsync() is { } request)
        {
            RequireCompression(request.ExpectCompressed, call);
            sum += request.Payload?.Body.Length ?? 0;
        }

        return new StreamingInputCallResponse { AggregatedPayloadSize = sum };
    }

    private static async ValueTask StreamingOutputCallAsync(
        StreamingOutputCallRequest request,
        GrpcResponseWriter<StreamingOutputCallResponse> responses,
        GrpcCallContext call)
    {
        ThrowStatus(request.ResponseStatus);
        foreach (var parameters in request.ResponseParameters)
        {
            if (parameters.IntervalUs > 0)
            {
                await Task.Delay(TimeSpan.FromMicroseconds(parameters.IntervalUs), call.CancellationToken);
            }

            // The first response decides about the call, so one that may compress later says so at its start.
            call.CompressResponse = request.ResponseParameters.Any(p => p.Compressed?.Value == true);
            await responses.WriteHeadersAsync();
            call.CompressResponse = parameters.Compressed?.Value;
            await responses.WriteAsync(new StreamingOutputCallResponse { Payload = Zeros(parameters.Size) });
        }
    }

    private static async ValueTask FullDuplexCallAsync(
        GrpcRequestReader<StreamingOutputCallRequest> requests,
        GrpcResponseWriter<StreamingOutputCallResponse> responses,
        GrpcCallContext call)
    {
        EchoMetadata(call);
        await responses.WriteHeadersAsync();
        while (await requests.ReadAsync() is { } request)
        {
            await StreamingOutputCallAsync(request, responses, call);
        }
    }

    private static void EchoMetadata(GrpcCallContext call)
    {
        if (call.RequestHeaders.GetText("x-grpc-test-echo-initial") is { } initial)
        {
            call.ResponseHeaders.Add("x-grpc-test-echo-initial", initial);
        }

        if (call.RequestHeaders.GetBytes("x-grpc-test-echo-trailing-bin") is { } trailing)
        {
            call.ResponseTrailers.Add("x-grpc-test-echo-trailing-bin", trailing);
        }
    }

    private static void RequireCompression(BoolValue? expected, GrpcCallContext call)
    {
        if (expected is not null && expected.Value != call.RequestWasCompressed)
        {
            throw new GrpcException(GrpcStatus.InvalidArgument, "The request's compression is not as expected.");
        }
    }

    private static void ThrowStatus(EchoStatus? status)
    {
        if (status is { Code: not 0 })
        {
            throw new GrpcException((GrpcStatus)status.Code, status.Message);
        }
    }

    private static Payload Zeros(int size) => new() { Body = ByteString.CopyFrom(new byte[size]) };
}
