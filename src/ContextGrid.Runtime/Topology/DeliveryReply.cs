using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>What became of a delivery.</summary>
/// <param name="OwnershipVersion">The receiver's version of the ownership.</param>
/// <param name="Refused">Covered shards that are open at the receiver and have missed an earlier part: they read the
/// log by themselves.</param>
/// <param name="DurableNext">The smallest position of the partition that is durable at the receiver; −1: it has no
/// shard.</param>
internal readonly record struct DeliveryReply(long OwnershipVersion, ShardSet Refused, long DurableNext)
{
    private const byte Version = 1;

    /// <summary>The bytes.</summary>
    internal byte[] ToBytes()
    {
        var writer = new SnapshotWriter();
        writer.Byte(Version);
        writer.Varint((ulong)OwnershipVersion);
        writer.Zigzag(DurableNext);
        Refused.Write(writer);
        return writer.Written.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="SnapshotFormatException">It is something else.</exception>
    internal static DeliveryReply Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new SnapshotReader(bytes);
        if (reader.Byte() != Version)
        {
            throw new SnapshotFormatException("The answer to a delivery is of another version.");
        }

        long ownership = (long)reader.Varint(), durable = reader.Zigzag();
        return new DeliveryReply(ownership, ShardSet.Read(ref reader), durable);
    }
}
