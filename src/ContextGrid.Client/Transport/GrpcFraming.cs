using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using ContextGrid.Contracts.Compression;
using Google.Protobuf;

namespace ContextGrid.Client.Transport;

/// <summary>
/// The length-prefixed messages of gRPC: a byte that says whether the message is compressed, its length as four
/// big-endian bytes, the message (gRPC's "PROTOCOL-HTTP2.md", Length-Prefixed-Message).
/// </summary>
internal static class GrpcFraming
{
    private const int PrefixBytes = 5;

    /// <summary>The message with its prefix, compressed with gzip when asked.</summary>
    public static byte[] Frame(IMessage message, bool gzip)
    {
        if (gzip)
            return FrameGzip(message);
        var size = message.CalculateSize();
        var frame = GC.AllocateUninitializedArray<byte>(PrefixBytes + size);
        frame[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(PrefixBytes));
        return frame;
    }

    /// <summary>Reads the next message; null at a clean end of the stream.</summary>
    /// <exception cref="ContextGridException">The stream ends within a message, or one is over the limit.</exception>
    public static async ValueTask<T?> ReadAsync<T>(
        Stream stream, MessageParser<T> parser, int bytesMax, CancellationToken cancellation)
        where T : class, IMessage<T>
    {
        var prefix = ArrayPool<byte>.Shared.Rent(PrefixBytes);
        byte[]? body = null;
        try
        {
            var read = await stream.ReadAtLeastAsync(prefix.AsMemory(0, PrefixBytes), PrefixBytes, false, cancellation);
            if (read == 0)
                return null;
            if (read < PrefixBytes)
                throw Broken("the answer ends within a message's prefix");
            var length = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
            if (length > bytesMax)
                throw TooLarge(length, bytesMax);
            body = ArrayPool<byte>.Shared.Rent((int)length);
            var memory = body.AsMemory(0, (int)length);
            if (await stream.ReadAtLeastAsync(memory, (int)length, false, cancellation) < length)
                throw Broken("the answer ends within a message");
            return prefix[0] == 0 ? Parse(parser, memory.Span) : ParseGzip(parser, body, (int)length, bytesMax);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(prefix);
            if (body is not null)
                ArrayPool<byte>.Shared.Return(body);
        }
    }

    private static byte[] FrameGzip(IMessage message)
    {
        using var buffer = new MemoryStream();
        buffer.Write([1, 0, 0, 0, 0]);
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
            message.WriteTo(gzip);
        var frame = buffer.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - PrefixBytes);
        return frame;
    }

    private static T Parse<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes)
        where T : class, IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Broken($"an answer is not a {typeof(T).Name}: {e.Message}");
        }
    }

    private static T ParseGzip<T>(MessageParser<T> parser, byte[] body, int length, int bytesMax)
        where T : class, IMessage<T>
    {
        // The platform's compressor makes nothing of nothing: not even gzip's header.
        if (length == 0)
            return Parse(parser, []);
        using var gzip = new WholeGzipStream(new MemoryStream(body, 0, length), "a compressed answer");
        using var plain = new MemoryStream();
        var chunk = new byte[8192];
        try
        {
            for (int read; (read = gzip.Read(chunk)) > 0;)
            {
                if (plain.Length + read > bytesMax)
                    throw TooLarge((uint)(plain.Length + read), bytesMax);
                plain.Write(chunk, 0, read);
            }
        }
        catch (InvalidDataException e)
        {
            throw Broken(e.Message.TrimEnd('.'));
        }

        return Parse(parser, plain.GetBuffer().AsSpan(0, (int)plain.Length));
    }

    private static ContextGridException Broken(string what) =>
        new(GrpcStatusCode.Internal, $"The protocol is broken: {what}.");

    private static ContextGridException TooLarge(uint length, int bytesMax) => new(
        GrpcStatusCode.ResourceExhausted,
        $"The answer has at least {length} bytes, more than the {bytesMax} that this client takes.");
}
