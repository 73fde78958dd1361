namespace ContextGrid.Server.Grpc;

/// <summary>The status codes of gRPC, with the numbers that travel in <c>grpc-status</c>.</summary>
public enum GrpcStatus
{
    /// <summary>The call succeeded.</summary>
    Ok = 0,

    /// <summary>The caller gave the call up.</summary>
    Cancelled = 1,

    /// <summary>An error of unknown kind.</summary>
    Unknown = 2,

    /// <summary>The request is wrong whatever the server's state; a retry does not help.</summary>
    InvalidArgument = 3,

    /// <summary>The deadline passed before the call was finished.</summary>
    DeadlineExceeded = 4,

    /// <summary>What was asked for does not exist.</summary>
    NotFound = 5,

    /// <summary>What should be created exists already.</summary>
    AlreadyExists = 6,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A limit is reached: a message too large, a full log, an overloaded server.</summary>
    ResourceExhausted = 8,

    /// <summary>The server's state does not allow the call; a retry helps only after that state changes.</summary>
    FailedPrecondition = 9,

    /// <summary>The call lost against a concurrent one; a retry of the whole exchange may help.</summary>
    Aborted = 10,

    /// <summary>A value is outside of what the server holds, such as a time before the retained log.</summary>
    OutOfRange = 11,

    /// <summary>There is no such method, or an encoding is not supported.</summary>
    Unimplemented = 12,

    /// <summary>Something that must hold does not: a bug, or bytes that do not parse.</summary>
    Internal = 13,

    /// <summary>The server cannot serve now; a retry may help.</summary>
    Unavailable = 14,

    /// <summary>Data are lost or corrupt.</summary>
    DataLoss = 15,

    /// <summary>The caller is not known.</summary>
    Unauthenticated = 16,
}
