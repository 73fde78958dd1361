using Google.Protobuf;

namespace ContextGrid.Client.Transport;

/// <summary>A method of a gRPC service as the client calls it.</summary>
/// <typeparam name="TRequest">The request's message.</typeparam>
/// <typeparam name="TResponse">The response's message.</typeparam>
/// <param name="Path">The path on the wire: "/package.Service/Method".</param>
/// <param name="Parser">Reads a response.</param>
/// <param name="SafeToRepeat">Whether a repetition changes nothing, so that an unknown outcome may be retried.</param>
internal sealed record GrpcMethod<TRequest, TResponse>(string Path, MessageParser<TResponse> Parser, bool SafeToRepeat)
    where TRequest : IMessage<TRequest>
    where TResponse : IMessage<TResponse>;
