using ContextGrid.Core.Model;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Http;

/// <summary>A refusal that belongs to HTTP itself, with its own HTTP status: too large, a wrong content type, a foreign
/// origin. Its JSON is that of every other error.</summary>
/// <param name="httpStatus">The HTTP status.</param>
/// <param name="status">The gRPC status that is nearest.</param>
/// <param name="message">What was wrong and what to do.</param>
internal sealed class HttpRefusal(int httpStatus, GrpcStatus status, string message) : Exception(Sentence.End(message))
{
    /// <summary>The HTTP status, 400 to 599.</summary>
    internal int HttpStatus { get; } = httpStatus;

    /// <summary>The gRPC status, as <c>code</c> in the JSON.</summary>
    internal GrpcStatus Status { get; } = status;
}
