using System.Buffers.Binary;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// MurmurHash2, 32 bits, seed 0x9747b28c, as Kafka's default partitioner uses it: a topic that moves to Kafka keeps
/// each key in the same partition. Source of the algorithm: Austin Appleby, MurmurHash2 (public domain).
/// </summary>
public static class Murmur2
{
    private const uint Seed = 0x9747b28c;
    private const uint Mix = 0x5bd1e995;

    /// <summary>The hash of a key.</summary>
    public static int Hash(ReadOnlySpan<byte> key)
    {
        uint hash = Seed ^ (uint)key.Length;
        ReadOnlySpan<byte> rest = key;
        for (; rest.Length >= 4; rest = rest[4..])
        {
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(rest) * Mix;
            hash = (hash * Mix) ^ ((word ^ (word >> 24)) * Mix);
        }

        uint tail = 0;
        for (int i = rest.Length - 1; i >= 0; i--)
        {
            tail = (tail << 8) | rest[i];
        }

        hash = rest.Length > 0 ? (hash ^ tail) * Mix : hash;
        hash = (hash ^ (hash >> 13)) * Mix;
        return (int)(hash ^ (hash >> 15));
    }

    /// <summary>The partition of a key: the hash without its sign, modulo the number of partitions.</summary>
    /// <param name="key">The key's bytes.</param>
    /// <param name="partitions">How many partitions the topic has; at least 1.</param>
    public static int PartitionFor(ReadOnlySpan<byte> key, int partitions) => (Hash(key) & 0x7fffffff) % partitions;
}
