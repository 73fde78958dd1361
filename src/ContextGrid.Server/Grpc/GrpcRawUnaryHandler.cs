using System.Buffers;

namespace ContextGrid.Server.Grpc;

/// <summary>Answers one request with one response, bytes to bytes, for calls that must not allocate.</summary>
/// <param name="request">The request's protobuf bytes, valid until the returned task is complete.</param>
/// <param name="response">Takes the response's protobuf bytes; valid as long.</param>
/// <param name="call">The call.</param>
/// <exception cref="GrpcException">Ends the call with another status than OK; nothing written is sent.</exception>
public delegate ValueTask GrpcRawUnaryHandler(
    ReadOnlySequence<byte> request, IBufferWriter<byte> response, GrpcCallContext call);
