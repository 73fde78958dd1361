using System.Buffers;
using Google.Protobuf;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace ContextGrid.Server.Grpc;

/// <summary>
/// One service: its descriptor and the handlers of its methods. A method of the descriptor without a handler answers
/// UNIMPLEMENTED. Built at start-up, by one thread.
/// </summary>
public sealed class GrpcService
{
    private readonly Dictionary<string, GrpcMethod> _methods = new(StringComparer.Ordinal);

    /// <summary>Creates a service without handlers.</summary>
    /// <param name="descriptor">The service, from the generated <c>…Reflection.Descriptor.Services</c>.</param>
    public GrpcService(ServiceDescriptor descriptor) => Descriptor = descriptor;

    /// <summary>The service as its .proto file declares it.</summary>
    public ServiceDescriptor Descriptor { get; }

    /// <summary>The methods that have handlers.</summary>
    public IReadOnlyCollection<GrpcMethod> Methods => _methods.Values;

    /// <summary>Handles a method with one request and one response.</summary>
    /// <param name="name">The method's name in the descriptor.</param>
    /// <param name="parser">The parser of the request.</param>
    /// <param name="handler">The handler; called by many threads.</param>
    /// <exception cref="ArgumentException">The descriptor has no such method, or it is of another kind, or
    /// has a handler already.</exception>
    public GrpcService Unary<TRequest, TResponse>(
        string name, MessageParser<TRequest> parser, GrpcUnaryHandler<TRequest, TResponse> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add(new UnaryMethod<TRequest, TResponse>(Descriptor.FullName, name, parser, handler));

    /// <summary>Handles a method with one request and one response as bytes.</summary>
    /// <inheritdoc cref="Unary" path="/param"/>
    /// <inheritdoc cref="Unary" path="/exception"/>
    public GrpcService RawUnary(string name, GrpcRawUnaryHandler handler) =>
        Add(new RawUnaryMethod(Descriptor.FullName, name, handler));

    /// <summary>Handles a method with one request and a stream of responses.</summary>
    /// <inheritdoc cref="Unary" path="/param"/>
    /// <inheritdoc cref="Unary" path="/exception"/>
    public GrpcService ServerStreaming<TRequest, TResponse>(
        string name, MessageParser<TRequest> parser, GrpcServerStreamingHandler<TRequest, TResponse> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add(new ServerStreamingMethod<TRequest, TResponse>(Descriptor.FullName, name, parser, handler));

    /// <summary>Handles a method with a stream of requests and one response.</summary>
    /// <inheritdoc cref="Unary" path="/param"/>
    /// <inheritdoc cref="Unary" path="/exception"/>
    public GrpcService ClientStreaming<TRequest, TResponse>(
        string name, MessageParser<TRequest> parser, GrpcClientStreamingHandler<TRequest, TResponse> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add(new ClientStreamingMethod<TRequest, TResponse>(Descriptor.FullName, name, parser, handler));

    /// <summary>Handles a method with streams in both directions.</summary>
    /// <inheritdoc cref="Unary" path="/param"/>
    /// <inheritdoc cref="Unary" path="/exception"/>
    public GrpcService Duplex<TRequest, TResponse>(
        string name, MessageParser<TRequest> parser, GrpcDuplexHandler<TRequest, TResponse> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add(new DuplexMethod<TRequest, TResponse>(Descriptor.FullName, name, parser, handler));

    private GrpcService Add(GrpcMethod method)
    {
        var declared = Descriptor.FindMethodByName(method.Name)
            ?? throw new ArgumentException($"The service {Descriptor.FullName} declares no method {method.Name}.");
        var kind = (declared.IsClientStreaming, declared.IsServerStreaming) switch
        {
            (false, false) => GrpcMethodKind.Unary,
            (true, false) => GrpcMethodKind.ClientStreaming,
            (false, true) => GrpcMethodKind.ServerStreaming,
            (true, true) => GrpcMethodKind.Duplex,
        };
        if (kind != method.Kind)
        {
            throw new ArgumentException($"{method.Path} is declared {kind}, not {method.Kind}.");
        }

        if (!_methods.TryAdd(method.Name, method))
        {
            throw new ArgumentException($"{method.Path} has a handler already.");
        }

        return this;
    }
}

/// <summary>Answers one request with one response.</summary>
/// <param name="request">The request.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK.</exception>
public delegate ValueTask<TResponse> GrpcUnaryHandler<in TRequest, TResponse>(TRequest request, GrpcCallContext call);

/// <summary>Answers one request with one response, bytes to bytes, for calls that must not allocate.</summary>
/// <param name="request">The request's protobuf bytes, valid until the returned task is complete.</param>
/// <param name="response">Takes the response's protobuf bytes; valid as long.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK; nothing written is sent.</exception>
public delegate ValueTask GrpcRawUnaryHandler(
    ReadOnlySequence<byte> request, IBufferWriter<byte> response, GrpcCallContext call);

/// <summary>Answers one request with any number of responses.</summary>
/// <param name="request">The request.</param>
/// <param name="responses">Takes the responses.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK, after the responses sent so far.
/// </exception>
public delegate ValueTask GrpcServerStreamingHandler<in TRequest, TResponse>(
    TRequest request, GrpcResponseWriter<TResponse> responses, GrpcCallContext call)
    where TResponse : class, IMessage<TResponse>;

/// <summary>Answers any number of requests with one response.</summary>
/// <param name="requests">The requests.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK.</exception>
public delegate ValueTask<TResponse> GrpcClientStreamingHandler<TRequest, TResponse>(
    GrpcRequestReader<TRequest> requests, GrpcCallContext call)
    where TRequest : class, IMessage<TRequest>;

/// <summary>Answers any number of requests with any number of responses.</summary>
/// <param name="requests">The requests.</param>
/// <param name="responses">Takes the responses.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK, after the responses sent so far.
/// </exception>
public delegate ValueTask GrpcDuplexHandler<TRequest, TResponse>(
    GrpcRequestReader<TRequest> requests, GrpcResponseWriter<TResponse> responses, GrpcCallContext call)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>;
