using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ContextGrid.Client.Transport;

/// <summary>How a call ended, read from headers and trailers (gRPC's "PROTOCOL-HTTP2.md", Responses).</summary>
internal static class GrpcOutcome
{
    /// <summary>Checks the head of a response; throws when the call failed before its first message.</summary>
    /// <exception cref="ContextGridException">It is no answer of gRPC, or a failure without messages.</exception>
    public static void CheckHead(HttpResponseMessage response)
    {
        if (response.Headers.Contains("grpc-status"))
        {
            ThrowUnlessOk(response.Headers);
            return;
        }

        if (response.StatusCode != HttpStatusCode.OK)
            throw new ContextGridException(
                FromHttp(response.StatusCode),
                $"What answers there says HTTP status {(int)response.StatusCode} and no status of gRPC.");
        var type = response.Content.Headers.ContentType?.MediaType;
        if (type is null || !type.StartsWith("application/grpc", StringComparison.Ordinal))
        {
            throw new ContextGridException(
                GrpcStatusCode.Unknown,
                $"What answers there is no gRPC server (content type {type ?? "none"}).");
        }
    }

    /// <summary>Checks the trailers of a response whose body was read to its end.</summary>
    /// <exception cref="ContextGridException">The call failed, or the status is missing.</exception>
    public static void CheckTrailers(HttpResponseMessage response)
    {
        if (response.TrailingHeaders.Contains("grpc-status"))
            ThrowUnlessOk(response.TrailingHeaders);
        else if (!response.Headers.Contains("grpc-status"))
            throw new ContextGridException(GrpcStatusCode.Unknown, "The answer ended without a status.");
    }

    /// <summary>The failure that an exception of the HTTP layer stands for.</summary>
    public static ContextGridException FromTransport(Exception cause, Uri address, bool sent)
    {
        if (cause is HttpRequestException { HttpRequestError: var error } && IsBeforeSending(error))
            sent = false;
        var what = cause switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "cannot be reached",
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "has an unknown name",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "refuses TLS",
            _ => "broke the connection",
        };
        if (cause.GetBaseException() is HttpProtocolException protocol)
            return Http2Errors.ToFailure(protocol, address, sent, cause);
        var reason = cause.InnerException?.Message ?? cause.Message;
        return new ContextGridException(
            GrpcStatusCode.Unavailable, $"{address} {what}: {reason.TrimEnd('.')}.", null, sent, cause);
    }

    private static bool IsBeforeSending(HttpRequestError error) => error
        is HttpRequestError.ConnectionError
        or HttpRequestError.NameResolutionError
        or HttpRequestError.SecureConnectionError;

    private static void ThrowUnlessOk(HttpHeaders headers)
    {
        var text = First(headers, "grpc-status");
        if (text == "0")
            return;
        var code = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 16
            ? (GrpcStatusCode)number
            : GrpcStatusCode.Unknown;
        var message = Uri.UnescapeDataString(First(headers, "grpc-message") ?? "");
        if (message.Length == 0)
            message = $"The server answered {code} without a message.";
        throw new ContextGridException(code, message, Details(First(headers, "grpc-status-details-bin")));
    }

    private static string? First(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    // google.rpc.Status is code = 1, message = 2, details = 3; only the details are not in other trailers.
    private static List<Any> Details(string? base64)
    {
        var details = new List<Any>();
        if (base64 is null)
            return details;
        try
        {
            var input = new CodedInputStream(Convert.FromBase64String(Pad(base64)));
            for (uint tag; (tag = input.ReadTag()) != 0;)
            {
                if (WireFormat.GetTagFieldNumber(tag) == 3)
                    details.Add(Any.Parser.ParseFrom(input.ReadBytes()));
                else
                    input.SkipLastField();
            }
        }
        catch (Exception e) when (e is FormatException or InvalidProtocolBufferException)
        {
            // Details are an extra: an answer whose details are unreadable is still the failure that it says it is.
            details.Clear();
        }

        return details;
    }

    // Senders may leave base64's padding out.
    private static string Pad(string base64) => base64.PadRight((base64.Length + 3) / 4 * 4, '=');

    private static GrpcStatusCode FromHttp(HttpStatusCode status) => (int)status switch
    {
        400 => GrpcStatusCode.Internal,
        401 => GrpcStatusCode.Unauthenticated,
        403 => GrpcStatusCode.PermissionDenied,
        404 => GrpcStatusCode.Unimplemented,
        429 or 502 or 503 or 504 => GrpcStatusCode.Unavailable,
        _ => GrpcStatusCode.Unknown,
    };
}
