using System.Buffers;
using System.Buffers.Binary;

namespace ContextGrid.Server.Grpc;

/// <summary>
/// The length-prefixed message: one byte that says whether it is compressed, four bytes of big-endian length, the
/// message. Source: gRPC over HTTP/2, "Length-Prefixed-Message".
/// </summary>
internal static class GrpcFraming
{
    /// <summary>Bytes before each message.</summary>
    public const int PrefixBytes = 5;

    /// <summary>Writes the prefix.</summary>
    public static void WritePrefix(Span<byte> target, bool compressed, int messageBytes)
    {
        target[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(target[1..], (uint)messageBytes);
    }

    /// <summary>Takes the next whole message off the front of a buffer.</summary>
    /// <param name="buffer">What was received; shortened by the message when there is one.</param>
    /// <param name="bytesMax">Most bytes that a message may have.</param>
    /// <param name="compressed">Whether the message is compressed.</param>
    /// <param name="message">The message's bytes, in the buffer's memory.</param>
    /// <returns>False when the buffer does not hold a whole message yet.</returns>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: the message is too large. INTERNAL: the prefix is malformed.
    /// </exception>
    public static bool TryTake(
        ref ReadOnlySequence<byte> buffer, int bytesMax, out bool compressed, out ReadOnlySequence<byte> message)
    {
        compressed = false;
        message = default;
        if (buffer.Length < PrefixBytes)
        {
            return false;
        }

        Span<byte> prefix = stackalloc byte[PrefixBytes];
        buffer.Slice(0, PrefixBytes).CopyTo(prefix);
        if (prefix[0] > 1)
        {
            throw new GrpcException(
                GrpcStatus.Internal, $"The message's prefix has the unknown flag {prefix[0]}; 0 and 1 are known.");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > (uint)bytesMax)
        {
            throw GrpcErrors.TooLarge(length, bytesMax);
        }

        if (buffer.Length - PrefixBytes < length)
        {
            return false;
        }

        compressed = prefix[0] == 1;
        message = buffer.Slice(PrefixBytes, length);
        buffer = buffer.Slice(message.End);
        return true;
    }
}
