namespace ContextGrid.Client;

/// <summary>The status codes of gRPC (https://grpc.io/docs/guides/status-codes).</summary>
public enum GrpcStatusCode
{
    /// <summary>The call succeeded.</summary>
    Ok = 0,

    /// <summary>The call was cancelled, mostly by the caller.</summary>
    Cancelled = 1,

    /// <summary>The server failed without saying how, or what answered is not a gRPC server.</summary>
    Unknown = 2,

    /// <summary>The request is wrong whatever the state of the server: correct it.</summary>
    InvalidArgument = 3,

    /// <summary>The time allowed for the call passed. It may still have taken effect.</summary>
    DeadlineExceeded = 4,

    /// <summary>What the request names does not exist.</summary>
    NotFound = 5,

    /// <summary>What the request would create exists already.</summary>
    AlreadyExists = 6,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A limit is reached, such as a full log or an overloaded server.</summary>
    ResourceExhausted = 8,

    /// <summary>The server's state does not allow it now, such as data that is too stale.</summary>
    FailedPrecondition = 9,

    /// <summary>The call lost against a concurrent one.</summary>
    Aborted = 10,

    /// <summary>What is asked for lies outside of what is retained.</summary>
    OutOfRange = 11,

    /// <summary>The server does not know the method: it is older than the client, or another service.</summary>
    Unimplemented = 12,

    /// <summary>A fault of the server or of the protocol between.</summary>
    Internal = 13,

    /// <summary>The server cannot be reached or is shutting down: try again later.</summary>
    Unavailable = 14,

    /// <summary>Data is lost or corrupt.</summary>
    DataLoss = 15,

    /// <summary>The caller is not known.</summary>
    Unauthenticated = 16,
}
