using Google.Protobuf;

namespace ContextGrid.Server.Grpc.Methods;

/// <summary>Any number of requests, one response.</summary>
internal sealed class ClientStreamingMethod<TRequest, TResponse>(
    string service,
    string name,
    MessageParser<TRequest> parser,
    GrpcClientStreamingHandler<TRequest, TResponse> handler)
    : GrpcMethod(service, name, GrpcMethodKind.ClientStreaming)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    /// <inheritdoc/>
    internal override async ValueTask RunAsync(GrpcCallContext call)
    {
        var requests = new GrpcRequestReader<TRequest>(call.Requests, parser);
        await call.Responses.WriteAsync(await handler(requests, call).ConfigureAwait(false)).ConfigureAwait(false);
    }
}
