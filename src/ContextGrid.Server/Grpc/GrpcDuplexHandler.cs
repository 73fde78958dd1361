using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

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
