using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Server.Grpc;

/// <summary>The one place where exceptions become gRPC statuses.</summary>
internal static class GrpcErrors
{
    /// <summary>How a call ends whose handler threw.</summary>
    /// <param name="exception">What it threw.</param>
    /// <param name="call">The call.</param>
    /// <param name="isUnexpected">Whether this is a fault of the server that its operator must hear of.</param>
    public static GrpcOutcome From(Exception exception, GrpcCallContext call, out bool isUnexpected)
    {
        isUnexpected = false;
        if (exception is GrpcException e)
        {
            return new GrpcOutcome(e.Status, e.Message, e.Details);
        }

        // The order matters: a client whose deadline passes also resets the stream, and the deadline is the cause.
        if (call.IsDeadlineExceeded)
        {
            return DeadlineExceeded;
        }

        if (call.IsAborted)
        {
            return new GrpcOutcome(GrpcStatus.Cancelled, "The client gave the call up.", null);
        }

        return From(exception, out isUnexpected);
    }

    /// <summary>
    /// How a request ends whose handler threw, when neither its deadline nor its client is the cause.
    /// </summary>
    /// <param name="exception">What it threw.</param>
    /// <param name="isUnexpected">Whether this is a fault of the server that its operator must hear of.</param>
    public static GrpcOutcome From(Exception exception, out bool isUnexpected)
    {
        var known = exception is GrpcException e
            ? new GrpcOutcome(e.Status, e.Message, e.Details)
            : FromKnown(exception);
        isUnexpected = known is null;
        return known ?? new GrpcOutcome(
            GrpcStatus.Internal, "The server failed; its log tells why. The request may be tried once more.", null);
    }

    /// <summary>The deadline passed.</summary>
    public static GrpcOutcome DeadlineExceeded =>
        new(GrpcStatus.DeadlineExceeded, "The deadline passed before the answer was complete.", null);

    /// <summary>A message is over its limit.</summary>
    public static GrpcException TooLarge(long bytes, int bytesMax) => new(
        GrpcStatus.ResourceExhausted,
        $"A message of {bytes} bytes or more is over the limit of {bytesMax} bytes.",
        GrpcErrorDetails.ErrorInfo("MESSAGE_TOO_LARGE"));

    /// <summary>A limit of the server is reached; clients may try again.</summary>
    public static GrpcOutcome TooMany(LimitReachedException e) => new(
        GrpcStatus.ResourceExhausted,
        e.Message,
        [
            GrpcErrorDetails.ErrorInfo("LIMIT_REACHED", ("limit", e.Limit.Name)),
            GrpcErrorDetails.RetryInfo(TimeSpan.FromSeconds(1)),
        ]);

    /// <summary>There is no such method.</summary>
    public static GrpcOutcome Unimplemented(string path) =>
        new(GrpcStatus.Unimplemented, $"The server has no method {path}.", null);

    private static GrpcOutcome? FromKnown(Exception exception) => exception switch
    {
        EventLogException { Error: EventLogError.UnknownPartition } e => Plain(GrpcStatus.NotFound, e),
        EventLogException { Error: EventLogError.RecordTooLarge } e => Plain(GrpcStatus.InvalidArgument, e),
        EventLogException { Error: EventLogError.Denied } e => new GrpcOutcome(
            GrpcStatus.PermissionDenied, e.Message, [GrpcErrorDetails.ErrorInfo("LOG_DENIED")]),
        EventLogException { Error: EventLogError.Full } e => Retry(GrpcStatus.ResourceExhausted, e, seconds: 10),
        EventLogException { Error: EventLogError.Busy } e => Retry(GrpcStatus.ResourceExhausted, e, seconds: 1),
        EventLogException { Error: EventLogError.Corrupt or EventLogError.Replaced } e => Plain(GrpcStatus.DataLoss, e),
        CheckpointCorruptException e => Plain(GrpcStatus.DataLoss, e),
        BackupException e => Plain(StatusOf(e.Error), e),
        SnapshotStoreException e => Retry(GrpcStatus.Unavailable, e, seconds: 1),
        EventLogException e => Retry(GrpcStatus.Unavailable, e, seconds: 1),
        SchemaUnavailableException e => Retry(GrpcStatus.Unavailable, e, seconds: 1),
        ReplaysUnavailableException e => Retry(GrpcStatus.Unavailable, e, seconds: 1),
        LimitReachedException e => TooMany(e),
        TimeoutException e => Plain(GrpcStatus.DeadlineExceeded, e),
        OperationCanceledException => new GrpcOutcome(
            GrpcStatus.Unavailable, "The server gave the call up, since it stops.", null),
        _ => null,
    };

    private static GrpcStatus StatusOf(BackupError error) => error switch
    {
        BackupError.Invalid => GrpcStatus.InvalidArgument,
        BackupError.Exists => GrpcStatus.AlreadyExists,
        BackupError.Busy => GrpcStatus.Aborted,
        BackupError.Full => GrpcStatus.ResourceExhausted,
        BackupError.Denied => GrpcStatus.PermissionDenied,
        _ => GrpcStatus.Internal,
    };

    private static GrpcOutcome Plain(GrpcStatus status, Exception e) => new(status, e.Message, null);

    private static GrpcOutcome Retry(GrpcStatus status, Exception e, int seconds) =>
        new(status, e.Message, [GrpcErrorDetails.RetryInfo(TimeSpan.FromSeconds(seconds))]);
}
