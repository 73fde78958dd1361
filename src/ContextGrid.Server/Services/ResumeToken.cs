using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Grpc;
using Google.Protobuf;

namespace ContextGrid.Server.Services;

/// <summary>The token by which a client resumes a watch: the positions that it has seen.</summary>
internal static class ResumeToken
{
    /// <summary>The positions of a token.</summary>
    /// <exception cref="GrpcException">INVALID_ARGUMENT: the bytes are not a token.</exception>
    internal static SourceVector Parse(ByteString token)
    {
        try
        {
            return SourceVector.FromBytes(token.Span);
        }
        catch (SnapshotFormatException)
        {
            throw new GrpcException(
                GrpcStatus.InvalidArgument,
                "resume_token: the bytes are not a token of this service. Watch without it.",
                GrpcErrorDetails.BadRequest(("resume_token", "not a token of this service")));
        }
    }
}
