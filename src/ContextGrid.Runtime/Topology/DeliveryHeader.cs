using System.Collections.Immutable;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// One part of a partition on its way to another process: every event of it for the covered shards, and how far the
/// partition is known to reach.
/// </summary>
/// <remarks>
/// Bytes: a version; the hash of the plans; the sender's version of the ownership; the partition's source number; from,
/// to, end, waiting since and seen, as in <see cref="Delivered"/>; where state begins; gaps; the last record's mark;
/// the covered shards; then the events, each with offset, a flag for one that can't be applied, its index, time and
/// fields.
/// </remarks>
internal readonly record struct DeliveryHeader(
    ulong PlansHash,
    long OwnershipVersion,
    int Source,
    Delivered Delivered,
    long StartOffset,
    ImmutableArray<OffsetGap> Gaps,
    ShardSet Covered)
{
    private const byte Version = 1;

    /// <summary>Writes the header.</summary>
    internal void Write(SnapshotWriter writer)
    {
        writer.Byte(Version);
        writer.UInt64(PlansHash);
        writer.Varint((ulong)OwnershipVersion);
        writer.Varint((ulong)Source);
        writer.Zigzag(Delivered.From);
        writer.Zigzag(Delivered.To);
        writer.Zigzag(Delivered.End);
        writer.Zigzag(Delivered.WaitingSinceMs);
        writer.Zigzag(Delivered.SeenMs);
        writer.Zigzag(StartOffset);
        WireValues.WriteGaps(writer, Gaps);
        writer.Byte(Delivered.Mark is null ? (byte)0 : (byte)1);
        if (Delivered.Mark is { } mark)
        {
            writer.Zigzag(mark.Offset);
            writer.UInt32(mark.Crc);
        }

        Covered.Write(writer);
    }

    /// <summary>Reads a header.</summary>
    /// <exception cref="SnapshotFormatException">It is of another version, or damaged.</exception>
    internal static DeliveryHeader Read(ref SnapshotReader reader)
    {
        byte version = reader.Byte();
        if (version != Version)
        {
            throw new SnapshotFormatException($"Events came in version {version}; this process knows {Version}.");
        }

        ulong hash = reader.UInt64();
        long ownership = (long)reader.Varint();
        int source = reader.Count(int.MaxValue);
        (long from, long to, long end) = (reader.Zigzag(), reader.Zigzag(), reader.Zigzag());
        (long sinceMs, long seenMs, long start) = (reader.Zigzag(), reader.Zigzag(), reader.Zigzag());
        ImmutableArray<OffsetGap> gaps = WireValues.ReadGaps(ref reader);
        RecordMark? mark = reader.Byte() == 0 ? null : new RecordMark(reader.Zigzag(), reader.UInt32());
        return new DeliveryHeader(
            hash,
            ownership,
            source,
            new Delivered(from, to, end, sinceMs, seenMs, mark),
            start,
            gaps,
            ShardSet.Read(ref reader));
    }
}
