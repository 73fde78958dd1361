using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

/// <summary>Answers any number of requests with one response.</summary>
/// <param name="requests">The requests.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK.</exception>
public delegate ValueTask<TResponse> GrpcClientStreamingHandler<TRequest, TResponse>(
    GrpcRequestReader<TRequest> requests, GrpcCallContext call)
    where TRequest : class, IMessage<TRequest>;
