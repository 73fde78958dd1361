using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Grpc;
using Google.Protobuf;

namespace ContextGrid.Server.Services;

/// <summary>
/// The token by which a client resumes a watch: the positions that it has seen, and until when no value that it has can
/// change by time alone.
/// </summary>
/// <param name="Seen">The positions.</param>
/// <param name="QuietUntilMs">The time, milliseconds since the Unix epoch; 0: not known.</param>
internal readonly record struct ResumeToken(SourceVector Seen, long QuietUntilMs)
{
    // The positions alone, as they were sent before, begin with another byte.
    private const byte Version = 2;

    /// <summary>Reads a token.</summary>
    /// <exception cref="GrpcException">INVALID_ARGUMENT: the bytes are not a token.</exception>
    internal static ResumeToken Parse(ByteString token)
    {
        try
        {
            if (token[0] != Version)
            {
                return new ResumeToken(SourceVector.FromBytes(token.Span), 0);
            }

            var reader = new SnapshotReader(token.Span[1..]);
            long quietUntilMs = reader.Zigzag();
            return new ResumeToken(SourceVector.FromBytes(token.Span[^reader.Remaining..]), quietUntilMs);
        }
        catch (SnapshotFormatException)
        {
            throw new GrpcException(
                GrpcStatus.InvalidArgument,
                "resume_token: the bytes are not a token of this service. Watch without it.",
                GrpcErrorDetails.BadRequest(("resume_token", "not a token of this service")));
        }
    }

    /// <summary>The token as the client gets it.</summary>
    internal ByteString ToBytes()
    {
        var writer = new SnapshotWriter();
        writer.Byte(Version);
        writer.Zigzag(QuietUntilMs);
        return ByteString.CopyFrom([.. writer.Written, .. Seen.ToBytes()]);
    }
}
