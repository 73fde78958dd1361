using System.Buffers.Binary;
using System.Text;

namespace ContextGrid.Integration.Tests.Retail;

/// <summary>
/// Where Kafka's default partitioner puts a key, written anew from its definition: MurmurHash2 with 32 bits.
/// </summary>
internal static class KafkaPartition
{
    private const uint Multiplier = 0x5bd1e995;

    /// <summary>The partition of a key among so many.</summary>
    internal static int Of(string key, int partitions)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        uint hash = 0x9747b28c ^ (uint)bytes.Length;
        int whole = bytes.Length / 4 * 4;
        for (int i = 0; i < whole; i += 4)
        {
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i)) * Multiplier;
            word = (word ^ (word >> 24)) * Multiplier;
            hash = (hash * Multiplier) ^ word;
        }

        if (whole < bytes.Length)
        {
            for (int i = whole; i < bytes.Length; i++)
            {
                hash ^= (uint)bytes[i] << (8 * (i - whole));
            }

            hash *= Multiplier;
        }

        hash = (hash ^ (hash >> 13)) * Multiplier;
        return (int)(((hash ^ (hash >> 15)) & 0x7FFFFFFF) % (uint)partitions);
    }
}
