using Google.Protobuf;

namespace ContextGrid.Server.Grpc.Methods;

/// <summary>One request, any number of responses.</summary>
internal sealed class ServerStreamingMethod<TRequest, TResponse>(
    string service,
    string name,
    MessageParser<TRequest> parser,
    GrpcServerStreamingHandler<TRequest, TResponse> handler)
    : GrpcMethod(service, name, GrpcMethodKind.ServerStreaming)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    /// <inheritdoc/>
    internal override async ValueTask RunAsync(GrpcCallContext call)
    {
        await call.Requests.ReadSingleAsync().ConfigureAwait(false);
        var request = GrpcParsing.Parse(parser, call.Requests.Message);
        call.Requests.ReleaseMessage();
        await handler(request, new GrpcResponseWriter<TResponse>(call.Responses), call).ConfigureAwait(false);
    }
}
