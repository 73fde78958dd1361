using System.Collections.Immutable;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>The bytes of the ownership, as docs/STORAGE.md lists them.</summary>
internal static class OwnershipCodec
{
    private const ulong Magic = 0x4E574F4449524743; // "CGRIDOWN" in the file
    private const uint Version = 2;
    private const int OwnersMax = 65_536;

    /// <summary>Encodes; the last four bytes are the CRC-32C of all before.</summary>
    /// <param name="ownership">What to write.</param>
    /// <param name="write">A random id of the write, by which a write of unknown outcome is found again.</param>
    public static byte[] Encode(Ownership ownership, Guid write)
    {
        var writer = new SnapshotWriter();
        writer.UInt64(Magic);
        writer.UInt32(Version);
        writer.Id(ownership.Incarnation);
        writer.Id(write);
        writer.Varint((ulong)ownership.Version);
        writer.Varint((ulong)ownership.LineagesUsed);
        writer.Varint((ulong)ownership.Owners.Length);
        foreach (ShardOwner owner in ownership.Owners)
        {
            writer.Varint((ulong)owner.Lineage);
            writer.Text(owner.Address);
            writer.Text(owner.Name);
        }

        writer.Varint((ulong)ownership.Shards.Length);
        foreach (ShardRecord shard in ownership.Shards)
        {
            writer.Varint((ulong)shard.Epoch);
            writer.Varint((ulong)shard.Owner);
            writer.Varint((ulong)shard.Base.Lineage);
            writer.Varint((ulong)shard.Base.Generation);
            writer.Varint((ulong)shard.MovedIn);
            writer.Byte(shard.IsLost ? (byte)1 : (byte)0);
        }

        writer.UInt32(Crc32C.Compute(writer.Written));
        return writer.Written.ToArray();
    }

    /// <summary>Decodes.</summary>
    /// <exception cref="CheckpointCorruptException">CRC or form is wrong.</exception>
    public static Ownership Decode(ReadOnlySpan<byte> content)
    {
        int body = content.Length - 4;
        if (body < 12 || new SnapshotReader(content[body..]).UInt32() != Crc32C.Compute(content[..body]))
        {
            throw new CheckpointCorruptException(
                Ownership.BlobName, Math.Max(body, 0), "the checksum of the ownership is wrong");
        }

        var reader = new SnapshotReader(content[..body]);
        try
        {
            Ownership ownership = Read(ref reader);
            return reader.Remaining == 0
                ? ownership
                : throw new CheckpointCorruptException(
                    Ownership.BlobName, body - reader.Remaining, "something follows the last shard");
        }
        catch (SnapshotFormatException e)
        {
            throw new CheckpointCorruptException(
                Ownership.BlobName, body - reader.Remaining, e.Message.TrimEnd('.'));
        }
    }

    private static Ownership Read(ref SnapshotReader reader)
    {
        if (reader.UInt64() != Magic)
        {
            throw new CheckpointCorruptException(Ownership.BlobName, 0, "it does not start as an ownership does");
        }

        uint version = reader.UInt32();
        if (version != Version)
        {
            throw new CheckpointCorruptException(
                Ownership.BlobName, 8,
                $"its format version is {version}, and this program reads {Version}; use a newer program");
        }

        Guid incarnation = reader.Id();
        reader.Id();
        long number = (long)reader.Varint(), lineages = (long)reader.Varint();
        var owners = new ShardOwner[reader.Count(OwnersMax)];
        for (int i = 0; i < owners.Length; i++)
        {
            owners[i] = new ShardOwner((long)reader.Varint(), reader.Text(), reader.Text());
        }

        var shards = new ShardRecord[reader.Count(ShardMap.CountMax)];
        for (int i = 0; i < shards.Length; i++)
        {
            shards[i] = new ShardRecord(
                (long)reader.Varint(),
                (long)reader.Varint(),
                new ShardBase((long)reader.Varint(), (long)reader.Varint()),
                (long)reader.Varint(),
                reader.Byte() != 0);
        }

        return new Ownership
        {
            Incarnation = incarnation,
            Version = number,
            LineagesUsed = lineages,
            Owners = ImmutableArray.Create(owners),
            Shards = ImmutableArray.Create(shards),
        };
    }
}
