using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

/// <summary>Ends a call with a status other than OK. Handlers throw it; the caller sees exactly its content.</summary>
public sealed class GrpcException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="status">The status; not <see cref="GrpcStatus.Ok"/>.</param>
    /// <param name="message">What was wrong, where, and what to do. Any Unicode text.</param>
    /// <param name="details">Messages for programs, usually made by <see cref="GrpcErrorDetails"/>; sent as
    /// <c>google.rpc.Status</c> in <c>grpc-status-details-bin</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The status is OK.</exception>
    public GrpcException(GrpcStatus status, string message, params IMessage[] details)
        : base(message)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)status, (int)GrpcStatus.Ok, nameof(status));
        Status = status;
        Details = details;
    }

    /// <summary>The status that the caller sees.</summary>
    public GrpcStatus Status { get; }

    /// <summary>The details that the caller sees; empty: none are sent.</summary>
    public IReadOnlyList<IMessage> Details { get; }
}
