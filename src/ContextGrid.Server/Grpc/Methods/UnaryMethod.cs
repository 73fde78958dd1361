using Google.Protobuf;

namespace ContextGrid.Server.Grpc.Methods;

/// <summary>One request, one response.</summary>
internal sealed class UnaryMethod<TRequest, TResponse>(
    string service, string name, MessageParser<TRequest> parser, GrpcUnaryHandler<TRequest, TResponse> handler)
    : GrpcMethod(service, name, GrpcMethodKind.Unary)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    /// <inheritdoc/>
    internal override async ValueTask RunAsync(GrpcCallContext call)
    {
        await call.Requests.ReadSingleAsync().ConfigureAwait(false);
        var request = GrpcParsing.Parse(parser, call.Requests.Message);
        call.Requests.ReleaseMessage();
        await call.Responses.WriteAsync(await handler(request, call).ConfigureAwait(false)).ConfigureAwait(false);
    }
}
