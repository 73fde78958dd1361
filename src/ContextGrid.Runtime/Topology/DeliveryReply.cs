using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>What became of a delivery.</summary>
/// <param name="OwnershipVersion">The receiver's version of the ownership.</param>
/// <param name="Refused">Covered shards that are open at the receiver and have missed an earlier part: they read the
/// log by themselves.</param>
internal readonly record struct DeliveryReply(long OwnershipVersion, ShardSet Refused)
{
    private const byte Version = 1;

    /// <summary>The bytes.</summary>
    internal byte[] ToBytes()
    {
        var writer = new SnapshotWriter();
        writer.Byte(Version);
        writer.Varint((ulong)OwnershipVersion);
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

        return new DeliveryReply((long)reader.Varint(), ShardSet.Read(ref reader));
    }
}
