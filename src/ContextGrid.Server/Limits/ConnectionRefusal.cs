using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Http;

namespace ContextGrid.Server.Limits;

/// <summary>What a connection is told for which there is no room, as bytes of its protocol.</summary>
internal static class ConnectionRefusal
{
    // HTTP/2, RFC 9113: frame types, and the error code that gRPC clients take as "too much".
    private const byte SettingsFrame = 0x4, GoAwayFrame = 0x7;
    private const uint EnhanceYourCalm = 0xb;

    /// <summary>For HTTP/1: 503 with the error's JSON.</summary>
    internal static byte[] Http1(long max)
    {
        string body = HttpErrors.ToJson(new HttpProblem(
            StatusCodes.Status503ServiceUnavailable, GrpcStatus.Unavailable, Text(max), [])) + "\n";
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 503 Service Unavailable\r\nContent-Type: {Http.Json.ProtoJson.ContentType}\r\nRetry-After: 1\r\n"
            + $"Connection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n");
        return Encoding.UTF8.GetBytes(head + body);
    }

    /// <summary>For HTTP/2: SETTINGS, then GOAWAY with ENHANCE_YOUR_CALM and the reason as its debug data, which gRPC
    /// clients show beside UNAVAILABLE. No stream was processed, so a client may try every call elsewhere.</summary>
    internal static byte[] Http2(long max)
    {
        byte[] text = Encoding.ASCII.GetBytes(Text(max));
        var payload = new byte[8 + text.Length];
        BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(4), EnhanceYourCalm);
        text.CopyTo(payload, 8);
        return [.. Frame(SettingsFrame, []), .. Frame(GoAwayFrame, payload)];
    }

    private static string Text(long max) => string.Create(
        CultureInfo.InvariantCulture,
        $"The port has {max} connections already, and takes no more (--connections-max). Try again in a moment.");

    private static byte[] Frame(byte type, byte[] payload) =>
        [0, (byte)(payload.Length >> 8), (byte)payload.Length, type, 0, 0, 0, 0, 0, .. payload];
}
