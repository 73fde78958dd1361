namespace ContextGrid.Server.Grpc;

/// <summary>Answers one request with one response.</summary>
/// <param name="request">The request.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK.</exception>
public delegate ValueTask<TResponse> GrpcUnaryHandler<in TRequest, TResponse>(TRequest request, GrpcCallContext call);
