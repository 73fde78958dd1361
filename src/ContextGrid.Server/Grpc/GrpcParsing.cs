using System.Buffers;
using ContextGrid.Core.Model;
using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

/// <summary>Parses request messages.</summary>
internal static class GrpcParsing
{
    /// <summary>Parses one message; nothing of the result refers to the given memory.</summary>
    /// <exception cref="GrpcException">INTERNAL, as gRPC's list of codes says for a request that does not parse.
    /// </exception>
    public static TRequest Parse<TRequest>(MessageParser<TRequest> parser, in ReadOnlySequence<byte> message)
        where TRequest : class, IMessage<TRequest>
    {
        try
        {
            return parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcException(
                GrpcStatus.Internal, Sentence.End($"The request is no valid {typeof(TRequest).Name}: {e.Message}"));
        }
    }
}
