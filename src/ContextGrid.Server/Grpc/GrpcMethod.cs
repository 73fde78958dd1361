using ContextGrid.Server.Limits;
using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

/// <summary>One method that can be called.</summary>
public abstract class GrpcMethod
{
    private protected GrpcMethod(string service, string name, GrpcMethodKind kind)
    {
        Service = service;
        Name = name;
        Kind = kind;
        Path = $"/{service}/{name}";
    }

    /// <summary>The full name of the service, such as <c>contextgrid.v1.ContextService</c>.</summary>
    public string Service { get; }

    /// <summary>The method's name, such as <c>GetContext</c>.</summary>
    public string Name { get; }

    /// <summary>Which sides stream.</summary>
    public GrpcMethodKind Kind { get; }

    /// <summary>The path that calls it: <c>/service/name</c>.</summary>
    public string Path { get; }

    /// <summary>Reads the request, runs the handler and writes the response; the caller writes the status.</summary>
    internal abstract ValueTask RunAsync(GrpcCallContext call);
}

/// <summary>Which sides of a method stream.</summary>
public enum GrpcMethodKind
{
    /// <summary>One request, one response.</summary>
    Unary,

    /// <summary>Any number of requests, then one response.</summary>
    ClientStreaming,

    /// <summary>One request, any number of responses.</summary>
    ServerStreaming,

    /// <summary>Any number of either, in any order.</summary>
    Duplex,
}

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
