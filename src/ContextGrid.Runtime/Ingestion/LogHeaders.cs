using System.Buffers.Binary;
using System.Text;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// A record's headers in one buffer: for each, name length (uint16, little endian), name, value length (int32), value,
/// both texts UTF-8. The same names and values as Kafka headers.
/// </summary>
public static class LogHeaders
{
    /// <summary>The most bytes of encoded headers that a producer may send through the server: half of what the log
    /// takes, so that a dead letter keeps them beside its own.</summary>
    public const int PublishBytesMax = 32 * 1024;

    /// <summary>Whether a header has a name that only the server writes: into dead letters and retries.</summary>
    public static bool IsOwn(ReadOnlySpan<byte> name) =>
        name.StartsWith("contextgrid."u8) || name.StartsWith("__connect.errors."u8);

    /// <summary>The bytes that a header takes.</summary>
    public static int MeasureBytes(string name, string value) =>
        6 + Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value);

    /// <summary>Encodes headers in the given order.</summary>
    public static byte[] Encode(IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        using var stream = new MemoryStream();
        Span<byte> number = stackalloc byte[4];
        foreach ((string name, string value) in headers)
        {
            byte[] nameBytes = Encoding.UTF8.GetBytes(name), valueBytes = Encoding.UTF8.GetBytes(value);
            BinaryPrimitives.WriteUInt16LittleEndian(number, checked((ushort)nameBytes.Length));
            stream.Write(number[..2]);
            stream.Write(nameBytes);
            BinaryPrimitives.WriteInt32LittleEndian(number, valueBytes.Length);
            stream.Write(number);
            stream.Write(valueBytes);
        }

        return stream.ToArray();
    }

    /// <summary>Decodes headers.</summary>
    /// <exception cref="FormatException">The buffer is not of this form.</exception>
    public static List<KeyValuePair<string, string>> Decode(ReadOnlySpan<byte> buffer)
    {
        var headers = new List<KeyValuePair<string, string>>();
        while (buffer.Length > 0)
        {
            int nameBytes = buffer.Length >= 2 ? BinaryPrimitives.ReadUInt16LittleEndian(buffer) : -1;
            string name = Take(ref buffer, nameBytes, 2);
            int valueBytes = buffer.Length >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(buffer) : -1;
            string value = Take(ref buffer, valueBytes, 4);
            headers.Add(new(name, value));
        }

        return headers;
    }

    /// <summary>Finds the first header of a name, without decoding the others.</summary>
    /// <param name="buffer">Encoded headers.</param>
    /// <param name="name">The name, UTF-8.</param>
    /// <param name="value">Its value, UTF-8: a slice of the buffer.</param>
    /// <returns>False when there is none, or the buffer is not of this form.</returns>
    public static bool TryFind(
        ReadOnlySpan<byte> buffer, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        while (TryTake(ref buffer, out ReadOnlySpan<byte> found, out value))
        {
            if (found.SequenceEqual(name))
            {
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Takes the first header off the buffer, without decoding it.</summary>
    /// <param name="buffer">Encoded headers; moves behind the header.</param>
    /// <param name="name">Its name, UTF-8: a slice of the buffer.</param>
    /// <param name="value">Its value, UTF-8: a slice of the buffer.</param>
    /// <returns>False when the buffer is empty or not of this form; it is unchanged then.</returns>
    public static bool TryTake(
        scoped ref ReadOnlySpan<byte> buffer, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        name = default;
        value = default;
        int nameEnd = buffer.Length < 2 ? -1 : 2 + BinaryPrimitives.ReadUInt16LittleEndian(buffer);
        if (nameEnd < 0 || buffer.Length - nameEnd < 4)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(buffer[nameEnd..]);
        if (length < 0 || length > buffer.Length - nameEnd - 4)
        {
            return false;
        }

        name = buffer[2..nameEnd];
        value = buffer.Slice(nameEnd + 4, length);
        buffer = buffer[(nameEnd + 4 + length)..];
        return true;
    }

    private static string Take(ref ReadOnlySpan<byte> buffer, int length, int prefix)
    {
        if (length < 0 || length > buffer.Length - prefix)
        {
            throw new FormatException("The record's headers are cut short.");
        }

        string text = Encoding.UTF8.GetString(buffer.Slice(prefix, length));
        buffer = buffer[(prefix + length)..];
        return text;
    }
}
