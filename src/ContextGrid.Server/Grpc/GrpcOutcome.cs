using System.Globalization;
using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

/// <summary>How a call ends: what goes into its trailers.</summary>
/// <param name="Status">The status.</param>
/// <param name="Message">What was wrong; empty when it is OK.</param>
/// <param name="Details">Details for programs; null: none.</param>
internal readonly record struct GrpcOutcome(GrpcStatus Status, string Message, IReadOnlyList<IMessage>? Details)
{
    // The official C core refuses header lists over 8 KiB; base64 adds a third, and the message takes its part.
    private const int DetailBytesMax = 4096;
    private const int MessageCharsMax = 1024;

    /// <summary>The call succeeded.</summary>
    public static GrpcOutcome Ok => new(GrpcStatus.Ok, "", null);

    /// <summary>Writes the status into trailers, or into the headers of a trailers-only response.</summary>
    public void WriteTo(IHeaderDictionary target)
    {
        if (Status == GrpcStatus.Ok)
        {
            target.GrpcStatus = "0";
            return;
        }

        var message = Message.Length <= MessageCharsMax ? Message : string.Concat(Message.AsSpan(0, MessageCharsMax), "…");
        target.GrpcStatus = ((int)Status).ToString(CultureInfo.InvariantCulture);
        target.GrpcMessage = GrpcWireText.PercentEncode(message);
        if (Details is { Count: > 0 })
        {
            var bytes = GrpcErrorDetails.Serialize(Status, message, Details);
            if (bytes.Length <= DetailBytesMax)
            {
                target["grpc-status-details-bin"] = GrpcWireText.ToBase64(bytes);
            }
        }
    }
}
