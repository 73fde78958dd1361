using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

/// <summary>Answers one request with any number of responses.</summary>
/// <param name="request">The request.</param>
/// <param name="responses">Takes the responses.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK, after the responses sent so far.
/// </exception>
public delegate ValueTask GrpcServerStreamingHandler<in TRequest, TResponse>(
    TRequest request, GrpcResponseWriter<TResponse> responses, GrpcCallContext call)
    where TResponse : class, IMessage<TResponse>;
