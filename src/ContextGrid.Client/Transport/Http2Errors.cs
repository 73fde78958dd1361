using System.Globalization;

namespace ContextGrid.Client.Transport;

/// <summary>
/// What a call failed with whose stream or connection the other side ended by an error code of HTTP/2 (RFC 9113,
/// section 7), as gRPC maps them ("PROTOCOL-HTTP2.md", Errors). Only REFUSED_STREAM says that the request was not
/// looked at, so that it is safe to send it again.
/// </summary>
internal static class Http2Errors
{
    private const long RefusedStream = 0x7;
    private const long Cancel = 0x8;
    private const long EnhanceYourCalm = 0xb;
    private const long InadequateSecurity = 0xc;
    private const long Http11Required = 0xd;

    private static readonly string[] Names =
    [
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
        "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    ];

    /// <summary>The failure of a call.</summary>
    /// <param name="error">The error code, of the stream or of its connection.</param>
    /// <param name="address">Who sent it.</param>
    /// <param name="sent">Whether the request may have reached the other side.</param>
    /// <param name="cause">The exception of the HTTP layer.</param>
    public static ContextGridException ToFailure(
        HttpProtocolException error, Uri address, bool sent, Exception cause)
    {
        var code = error.ErrorCode;
        var (status, what) = code switch
        {
            not Http11Required when IsOfConnection(error) => (
                GrpcStatusCode.Unavailable, "closed the connection in the middle of the call"),
            RefusedStream => (GrpcStatusCode.Unavailable, "refused the call before it looked at it"),
            Cancel => (GrpcStatusCode.Cancelled, "gave the call up"),
            EnhanceYourCalm => (
                GrpcStatusCode.ResourceExhausted,
                "ended the call because too much comes at once, or too little is taken of what it sends"),
            InadequateSecurity => (GrpcStatusCode.PermissionDenied, "wants a connection that is more secure"),
            Http11Required => (GrpcStatusCode.Unimplemented, "speaks HTTP/1.1 only, which gRPC can't use"),
            _ => (GrpcStatusCode.Internal, "ended the call in the middle"),
        };
        return new ContextGridException(
            status, $"{address} {what} ({NameOf(code)}).", null, sent && code != RefusedStream, cause);
    }

    // A connection that ends says nothing about its calls, whatever its code. Only the message tells it from the end of
    // a stream.
    private static bool IsOfConnection(HttpProtocolException error) =>
        error.Message.Contains("connection", StringComparison.OrdinalIgnoreCase);

    private static string NameOf(long code) => code >= 0 && code < Names.Length
        ? Names[code]
        : string.Create(CultureInfo.InvariantCulture, $"HTTP/2 error {code}");
}
