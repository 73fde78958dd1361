using System.Numerics;
using System.Runtime.InteropServices;

namespace ContextGrid.Core.Snapshots;

/// <summary>
/// CRC-32C (Castagnoli; polynomial 0x1EDC6F41, reflected, initial and final value 0xFFFFFFFF), as in RFC 3720 and in
/// Kafka's record batches. Uses the processor's instruction where there is one; else the platform's table.
/// </summary>
public static class Crc32C
{
    /// <summary>The checksum of a whole buffer; 0 for an empty one.</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>
    /// Continues a checksum: <c>Append(Compute(a), b)</c> equals <c>Compute</c> of a followed by b. Start with 0.
    /// </summary>
    /// <param name="crc">The checksum of what came before.</param>
    /// <param name="data">The bytes that follow.</param>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        uint state = ~crc;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (ulong word in words)
        {
            state = BitOperations.Crc32C(state, BitConverter.IsLittleEndian ? word : Reverse(word));
        }

        foreach (byte value in data[(words.Length * sizeof(ulong))..])
        {
            state = BitOperations.Crc32C(state, value);
        }

        return ~state;
    }

    private static ulong Reverse(ulong word) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word);
}
