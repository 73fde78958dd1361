using System.Buffers.Binary;
using System.Text;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Avro;

/// <summary>Writes Avro's binary encoding by hand: right, and also wrong in any way that a test wants.</summary>
internal sealed class AvroWriter
{
    private readonly List<byte> _bytes = [];

    internal byte[] ToArray() => [.. _bytes];

    internal AvroWriter Long(long value)
    {
        ulong raw = (ulong)((value << 1) ^ (value >> 63));
        for (; raw >= 0x80; raw >>= 7)
        {
            _bytes.Add((byte)(raw | 0x80));
        }

        _bytes.Add((byte)raw);
        return this;
    }

    internal AvroWriter Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    internal AvroWriter Bytes(params byte[] bytes) => Long(bytes.Length).Raw(bytes);

    internal AvroWriter Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    internal AvroWriter Bool(bool value) => Raw(value ? (byte)1 : (byte)0);

    internal AvroWriter Double(double value)
    {
        byte[] bytes = new byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return Raw(bytes);
    }

    internal AvroWriter Float(float value)
    {
        byte[] bytes = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return Raw(bytes);
    }
}
