using System.Buffers;
using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

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

/// <summary>Answers any number of requests with one response.</summary>
/// <param name="requests">The requests.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK.</exception>
public delegate ValueTask<TResponse> GrpcClientStreamingHandler<TRequest, TResponse>(
    GrpcRequestReader<TRequest> requests, GrpcCallContext call)
    where TRequest : class, IMessage<TRequest>;

/// <summary>Answers one request with any number of responses.</summary>
/// <param name="request">The request.</param>
/// <param name="responses">Takes the responses.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK, after the responses sent so far.
/// </exception>
public delegate ValueTask GrpcServerStreamingHandler<in TRequest, TResponse>(
    TRequest request, GrpcResponseWriter<TResponse> responses, GrpcCallContext call)
    where TResponse : class, IMessage<TResponse>;

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
