using System.Globalization;
using Google.Protobuf;

namespace ContextGrid.Server.Grpc;

/// <summary>How a call ends: what goes into its trailers.</summary>
/// <param name="Status">The status.</param>
/// <param name="Message">What was wrong; empty when it is OK.</param>
/// <param name="Details">Details for programs; null: none.</param>
internal readonly record struct GrpcOutcome(GrpcStatus Status, string Message, IReadOnlyList<IMessage>? Details)
{
    // The official C core refuses header lists over 8 KiB. Base64 adds a third to the details, which repeat the
    // message; percent-encoding at worst makes nine characters of one.
    private const int DetailBytesMax = 4096;
    private const int MessageCharsMax = 1024;
    private const int EncodedMessageCharsMax = 2048;

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

        var message = Message;
        var encoded = GrpcWireText.PercentEncode(message);
        if (encoded.Length > EncodedMessageCharsMax)
        {
            message = Cut(message, encoded.Length == message.Length ? MessageCharsMax : EncodedMessageCharsMax / 9 - 3);
            encoded = GrpcWireText.PercentEncode(message);
        }

        if (Details is { Count: > 0 })
        {
            var bytes = GrpcErrorDetails.Serialize(Status, message, Details);
            if (bytes.Length <= DetailBytesMax)
            {
                target["grpc-status-details-bin"] = GrpcWireText.ToBase64(bytes);
            }
            else
            {
                encoded += " (The details are too long to be sent.)";
            }
        }

        target.GrpcStatus = ((int)Status).ToString(CultureInfo.InvariantCulture);
        target.GrpcMessage = encoded;
    }

    // A pair of surrogates is not cut in two.
    private static string Cut(string text, int charsMax) =>
        string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[charsMax - 1]) ? charsMax - 1 : charsMax), "...");
}
