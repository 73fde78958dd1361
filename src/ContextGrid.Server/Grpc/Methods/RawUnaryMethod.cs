namespace ContextGrid.Server.Grpc.Methods;

/// <summary>One request, one response, both as bytes.</summary>
internal sealed class RawUnaryMethod(string service, string name, GrpcRawUnaryHandler handler)
    : GrpcMethod(service, name, GrpcMethodKind.Unary)
{
    /// <inheritdoc/>
    internal override async ValueTask RunAsync(GrpcCallContext call)
    {
        await call.Requests.ReadSingleAsync().ConfigureAwait(false);
        using var response = new GrpcMessageBuffer(call.Options.SendBytesMax);
        await handler(call.Requests.Message, response, call).ConfigureAwait(false);
        await call.Responses.WriteAsync(response).ConfigureAwait(false);
    }
}
