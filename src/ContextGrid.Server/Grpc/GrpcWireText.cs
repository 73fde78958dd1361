using System.Buffers;
using System.Globalization;
using System.Text;

namespace ContextGrid.Server.Grpc;

/// <summary>The texts in gRPC's headers: time-outs, percent-encoded messages, base64 without padding.
/// Source: gRPC over HTTP/2.</summary>
internal static class GrpcWireText
{
    /// <summary>Longest time-out that a timer takes; a longer one is no practical limit and is cut to this.</summary>
    public static readonly TimeSpan TimeoutMax = TimeSpan.FromDays(49);

    private static readonly SearchValues<char> Unescaped = SearchValues.Create(
        " !\"#$&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>Reads <c>grpc-timeout</c>: one to eight digits and a unit of H, M, S, m, u, n.</summary>
    /// <returns>False when the text is malformed.</returns>
    public static bool TryParseTimeout(string text, out TimeSpan timeout)
    {
        timeout = default;
        var digits = text.AsSpan(0, Math.Max(0, text.Length - 1));
        if (text.Length is < 2 or > 9
            || !uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var n))
        {
            return false;
        }

        double ticks = text[^1] switch
        {
            'H' => n * (double)TimeSpan.TicksPerHour,
            'M' => n * (double)TimeSpan.TicksPerMinute,
            'S' => n * (double)TimeSpan.TicksPerSecond,
            'm' => n * (double)TimeSpan.TicksPerMillisecond,
            'u' => n * (double)TimeSpan.TicksPerMicrosecond,
            'n' => n / (double)TimeSpan.NanosecondsPerTick,
            _ => -1,
        };
        timeout = ticks >= TimeoutMax.Ticks ? TimeoutMax : TimeSpan.FromTicks((long)ticks);
        return ticks >= 0;
    }

    /// <summary>Percent-encodes <c>grpc-message</c>: UTF-8 bytes outside of printable ASCII, and the percent sign.
    /// </summary>
    public static string PercentEncode(string message)
    {
        if (message.AsSpan().IndexOfAnyExcept(Unescaped) < 0)
        {
            return message;
        }

        var encoded = new StringBuilder(message.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            if (b is >= 0x20 and <= 0x7E and not (byte)'%')
            {
                encoded.Append((char)b);
            }
            else
            {
                encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return encoded.ToString();
    }

    /// <summary>Base64 without padding, as gRPC recommends for binary metadata.</summary>
    public static string ToBase64(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    /// <summary>Reads base64 with or without padding.</summary>
    /// <exception cref="GrpcException">INTERNAL: the text is not base64.</exception>
    public static byte[] FromBase64(string key, string text)
    {
        try
        {
            var padding = (4 - (text.Length % 4)) % 4;
            return Convert.FromBase64String(padding == 0 ? text : text + new string('=', padding));
        }
        catch (FormatException)
        {
            throw new GrpcException(GrpcStatus.Internal, $"The binary metadata '{key}' is not base64.");
        }
    }
}
