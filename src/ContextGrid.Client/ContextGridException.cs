using ContextGrid.Contracts.Rpc;
using ContextGrid.Contracts.V1;
using Google.Protobuf.WellKnownTypes;

namespace ContextGrid.Client;

/// <summary>A call that failed: its status, the server's message, and what the caller can do about it.</summary>
public sealed class ContextGridException : Exception
{
    /// <summary>Makes the failure of a call.</summary>
    /// <param name="statusCode">The status of gRPC; not <see cref="GrpcStatusCode.Ok"/>.</param>
    /// <param name="message">What went wrong, in the server's words where it spoke.</param>
    /// <param name="details">The typed details of google.rpc.Status; empty when there are none.</param>
    /// <param name="requestSent">Whether the server may have seen the request.</param>
    /// <param name="inner">The cause on this side, when there is one.</param>
    public ContextGridException(
        GrpcStatusCode statusCode,
        string message,
        IReadOnlyList<Any>? details = null,
        bool requestSent = true,
        Exception? inner = null)
        : base(message, inner)
    {
        StatusCode = statusCode;
        Details = details ?? [];
        RequestSent = requestSent;
    }

    /// <summary>The status of gRPC.</summary>
    public GrpcStatusCode StatusCode { get; }

    /// <summary>The typed details of google.rpc.Status, as the server sent them; empty when there are none.</summary>
    public IReadOnlyList<Any> Details { get; }

    /// <summary>False when the request certainly never reached the server, so that sending it again is safe.</summary>
    public bool RequestSent { get; }

    /// <summary>What to do about it, one sentence.</summary>
    public string Advice => StatusCode switch
    {
        GrpcStatusCode.Unavailable
            when !RequestSent && InnerException?.GetBaseException() is not HttpProtocolException =>
            "Start the server with ./run.sh, or give the address of one that runs.",
        GrpcStatusCode.Unavailable => "The server is stopping or overloaded; try again in a moment.",
        GrpcStatusCode.InvalidArgument => "Correct the request as the message says.",
        GrpcStatusCode.NotFound when Is("UNKNOWN_DEAD_LETTER") =>
            "List the letters that are kept with 'contextgrid dlq list --state all'.",
        GrpcStatusCode.NotFound => "Check the name; the definitions in force list what the server knows.",
        GrpcStatusCode.DeadlineExceeded => "Allow more time, or ask for less; the call may still have taken effect.",
        GrpcStatusCode.FailedPrecondition when !Is("TOO_STALE") && RefusedAnswer is null =>
            "Change what the message names, then try again.",
        GrpcStatusCode.FailedPrecondition => "Allow more staleness, or wait until the source is caught up.",
        GrpcStatusCode.ResourceExhausted => "Try again later, more slowly, or with smaller batches.",
        GrpcStatusCode.OutOfRange => "Ask for a later point in time.",
        GrpcStatusCode.Unimplemented => "Check that the address is the gRPC port of a server of this version.",
        GrpcStatusCode.PermissionDenied when Is("LOG_DENIED") =>
            "Give the server's user in Kafka the right that the message names; yours is not asked for.",
        GrpcStatusCode.PermissionDenied or GrpcStatusCode.Unauthenticated => "Use credentials that may do this.",
        GrpcStatusCode.Cancelled when InnerException is not null => "Try again; nobody here gave it up.",
        GrpcStatusCode.Cancelled => "Nothing; the call was cancelled.",
        _ => "Look into the server's log.",
    };

    /// <summary>The answer that a read would have given when it was refused as too stale; null otherwise.</summary>
    public ContextResult? RefusedAnswer
    {
        get
        {
            foreach (var detail in Details)
            {
                if (detail.Is(GetContextResponse.Descriptor))
                    return new ContextResult(detail.Unpack<GetContextResponse>());
            }

            return null;
        }
    }

    private bool Is(string reason) =>
        Details.Any(d => d.Is(ErrorInfo.Descriptor) && d.Unpack<ErrorInfo>().Reason == reason);
}
