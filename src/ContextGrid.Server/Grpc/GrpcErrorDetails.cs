using ContextGrid.Contracts.Rpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ContextGrid.Server.Grpc;

/// <summary>Builds the standard error details of <c>google/rpc/error_details.proto</c>.</summary>
public static class GrpcErrorDetails
{
    /// <summary>The domain of every <see cref="ErrorInfo"/> that this server sends.</summary>
    public const string Domain = "contextgrid";

    /// <summary>Says which fields of a request are wrong.</summary>
    /// <param name="violations">The path of each field, such as <c>entities[3].key</c>, and what is meant.</param>
    public static BadRequest BadRequest(params ReadOnlySpan<(string Field, string Description)> violations)
    {
        var details = new BadRequest();
        foreach (var (field, description) in violations)
        {
            details.FieldViolations.Add(
                new BadRequest.Types.FieldViolation { Field = field, Description = description });
        }

        return details;
    }

    /// <summary>Gives the cause a stable code.</summary>
    /// <param name="reason">Upper snake case, such as <c>UNKNOWN_ENTITY_TYPE</c>.</param>
    /// <param name="facts">Facts of this error, by name.</param>
    public static ErrorInfo ErrorInfo(string reason, params ReadOnlySpan<(string Name, string Value)> facts)
    {
        var details = new ErrorInfo { Reason = reason, Domain = Domain };
        foreach (var (name, value) in facts)
        {
            details.Metadata[name] = value;
        }

        return details;
    }

    /// <summary>Says when the call may be tried again.</summary>
    /// <param name="delay">The shortest wait; not negative.</param>
    public static RetryInfo RetryInfo(TimeSpan delay) => new() { RetryDelay = Duration.FromTimeSpan(delay) };

    /// <summary>The bytes of the <c>google.rpc.Status</c> that carries the details.</summary>
    internal static byte[] Serialize(GrpcStatus status, string message, IReadOnlyList<IMessage> details)
    {
        var rpc = new Status { Code = (int)status, Message = message };
        foreach (var detail in details)
        {
            rpc.Details.Add(Any.Pack(detail));
        }

        return rpc.ToByteArray();
    }
}
