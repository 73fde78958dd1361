using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ContextGrid.TestKit.Grpc;

/// <summary>
/// One HTTP/2 connection, frame by frame, for clients that no library would be: that do not read, do not send, reset
/// what they ask for. One reader and one writer at a time.
/// Source: RFC 9113; header fields are literals without compression, RFC 7541, 6.2.2.
/// </summary>
public sealed class RawHttp2 : IDisposable
{
    /// <summary>Frame types.</summary>
    public const byte Data = 0, Headers = 1, ResetStream = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;

    private const byte EndStream = 1, EndHeaders = 4, Acknowledge = 1;

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private RawHttp2() => _socket.NoDelay = true;

    /// <summary>Connects and says hello.</summary>
    /// <param name="address">The gRPC port of this machine.</param>
    /// <param name="window">How many bytes of one stream the server may send unasked.</param>
    public static async Task<RawHttp2> ConnectAsync(Uri address, int window = 65_535)
    {
        RawHttp2 connection = await ConnectSilentAsync(address);
        await connection._socket.SendAsync(Preface);

        // No table of header fields, so that answers spell theirs out; no larger window than wanted.
        var settings = new byte[12];
        settings[1] = 1;
        settings[7] = 4;
        BinaryPrimitives.WriteInt32BigEndian(settings.AsSpan(8), window);
        await connection.SendAsync(Settings, 0, 0, settings);
        return connection;
    }

    /// <summary>Connects and says nothing.</summary>
    public static async Task<RawHttp2> ConnectSilentAsync(Uri address)
    {
        var connection = new RawHttp2();
        await connection._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, address.Port));
        return connection;
    }

    /// <summary>Starts a gRPC call, with its whole body when there is one.</summary>
    /// <param name="stream">An odd number, larger than all before.</param>
    /// <param name="path">Service and method.</param>
    /// <param name="body">Framed messages; null: more is to come, or nothing.</param>
    public async Task CallAsync(int stream, string path, byte[]? body)
    {
        (string, string)[] fields =
        [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ];
        var block = new List<byte>();
        foreach ((string name, string value) in fields)
        {
            block.Add(0);
            AddText(block, name);
            AddText(block, value);
        }

        await SendAsync(Headers, EndHeaders, stream, block.ToArray());
        if (body is not null)
        {
            await SendDataAsync(stream, body, isLast: true);
        }
    }

    /// <summary>Sends bytes of a call's body, without a look at the server's window.</summary>
    public async Task SendDataAsync(int stream, ReadOnlyMemory<byte> body, bool isLast)
    {
        const int FrameBytesMax = 16_384;
        do
        {
            ReadOnlyMemory<byte> part = body[..Math.Min(body.Length, FrameBytesMax)];
            body = body[part.Length..];
            await SendAsync(Data, isLast && body.IsEmpty ? EndStream : (byte)0, stream, part);
        }
        while (!body.IsEmpty);
    }

    /// <summary>Gives a call up.</summary>
    public Task ResetAsync(int stream) => SendAsync(ResetStream, 0, stream, new byte[] { 0, 0, 0, 8 });

    /// <summary>Lets the server send more: of one stream, or, for stream 0, of all together.</summary>
    public Task WidenAsync(int stream, int bytes)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, bytes);
        return SendAsync(WindowUpdate, 0, stream, payload);
    }

    /// <summary>Sends one frame.</summary>
    public async Task SendAsync(byte type, byte flags, int stream, ReadOnlyMemory<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsMemory(9));
        await _socket.SendAsync(frame);
    }

    /// <summary>The next frame that is not about settings, pings or windows; null: the server has closed.</summary>
    public async Task<(byte Type, int Stream, byte[] Payload)?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await ReadBytesAsync(9, cancellationToken) is not { } head
                || await ReadBytesAsync(BinaryPrimitives.ReadInt32BigEndian(head) >> 8, cancellationToken)
                    is not { } payload)
            {
                return null;
            }

            if (head[3] is Settings or Ping && (head[4] & Acknowledge) == 0)
            {
                await SendAsync(head[3], Acknowledge, 0, head[3] == Ping ? payload : Array.Empty<byte>());
            }
            else if (head[3] is Data or Headers or ResetStream or GoAway)
            {
                return (head[3], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
            }
        }
    }

    /// <summary>Reads until a frame's payload has a text, such as a status.</summary>
    /// <exception cref="IOException">The server closed before.</exception>
    public async Task<string> ReadUntilAsync(string text, CancellationToken cancellationToken)
    {
        while (await ReadAsync(cancellationToken) is { } frame)
        {
            string found = Encoding.Latin1.GetString(frame.Payload);
            if (found.Contains(text, StringComparison.Ordinal))
            {
                return found;
            }
        }

        throw new IOException($"The server closed the connection without '{text}'.");
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static void AddText(List<byte> block, string text)
    {
        // Seven bits of length are enough for what is sent here.
        block.Add(checked((byte)text.Length));
        block.AddRange(Encoding.ASCII.GetBytes(text));
    }

    private async Task<byte[]?> ReadBytesAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            int read;
            try
            {
                read = await _socket.ReceiveAsync(bytes.AsMemory(at), cancellationToken);
            }
            catch (SocketException)
            {
                return null;
            }

            if (read == 0)
            {
                return null;
            }

            at += read;
        }

        return bytes;
    }
}
