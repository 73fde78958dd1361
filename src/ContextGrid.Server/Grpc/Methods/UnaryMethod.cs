using ContextGrid.Server.Limits;
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
        var response = call.Requests.Message.Length <= Turns.SmallBytesMax
            ? HandleAsync(call)
            : call.Options.Turns.RunAsync(() => HandleAsync(call), call.CancellationToken);
        await call.Responses.WriteAsync(await response.ConfigureAwait(false)).ConfigureAwait(false);
    }

    private ValueTask<TResponse> HandleAsync(GrpcCallContext call)
    {
        var request = GrpcParsing.Parse(parser, call.Requests.Message);
        call.Requests.ReleaseMessage();
        return handler(request, call);
    }
}
