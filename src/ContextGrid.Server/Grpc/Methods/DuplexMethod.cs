using Google.Protobuf;

namespace ContextGrid.Server.Grpc.Methods;

/// <summary>Any number of requests and responses.</summary>
internal sealed class DuplexMethod<TRequest, TResponse>(
    string service,
    string name,
    MessageParser<TRequest> parser,
    GrpcDuplexHandler<TRequest, TResponse> handler)
    : GrpcMethod(service, name, GrpcMethodKind.Duplex)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    /// <inheritdoc/>
    internal override ValueTask RunAsync(GrpcCallContext call) => handler(
        new GrpcRequestReader<TRequest>(call.Requests, parser),
        new GrpcResponseWriter<TResponse>(call.Responses),
        call);
}
