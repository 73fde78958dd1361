using System.Collections.Immutable;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>The bytes of a manifest, as docs/STORAGE.md lists them.</summary>
internal static class ManifestCodec
{
    private const ulong Magic = 0x4E414D4449524743; // "CGRIDMAN" in the file
    private const uint Version = 2;
    private const int CountMax = 65_536;

    /// <summary>Encodes a manifest; the last four bytes are the CRC-32C of all before.</summary>
    public static byte[] Encode(CheckpointManifest manifest)
    {
        var writer = new SnapshotWriter();
        writer.UInt64(Magic);
        writer.UInt32(Version);
        writer.Byte(manifest.IsSeal ? (byte)1 : (byte)0);
        writer.Varint((ulong)manifest.Lineage);
        writer.Varint((ulong)manifest.Generation);
        writer.Text(manifest.OwnerId);
        writer.Id(manifest.Writer);
        writer.Zigzag(manifest.CreatedMs);
        WriteContent(writer, manifest.Content);
        writer.Varint((ulong)manifest.Segments.Length);
        foreach (SegmentInfo segment in manifest.Segments)
        {
            writer.Text(segment.Name);
            writer.Varint((ulong)segment.Bytes);
            writer.UInt32(segment.FooterCrc);
            writer.Varint((ulong)segment.Records);
            writer.Varint((ulong)segment.Deletions);
            writer.Byte(segment.IsBase ? (byte)1 : (byte)0);
            segment.Shards.Write(writer);
        }

        writer.UInt32(Crc32C.Compute(writer.Written));
        return writer.Written.ToArray();
    }

    /// <summary>Decodes a manifest.</summary>
    /// <exception cref="CheckpointCorruptException">The CRC, the form or the name is wrong.</exception>
    public static CheckpointManifest Decode(string name, ReadOnlySpan<byte> content)
    {
        int body = content.Length - 4;
        if (body < 12 || new SnapshotReader(content[body..]).UInt32() != Crc32C.Compute(content[..body]))
        {
            throw new CheckpointCorruptException(name, Math.Max(body, 0), "the checksum of the manifest is wrong");
        }

        var reader = new SnapshotReader(content[..body]);
        try
        {
            CheckpointManifest manifest = Read(name, ref reader);
            return manifest.BlobName == name && reader.Remaining == 0
                ? manifest
                : throw new CheckpointCorruptException(
                    name, body - reader.Remaining, "it is not the manifest of its name");
        }
        catch (SnapshotFormatException e)
        {
            throw new CheckpointCorruptException(name, body - reader.Remaining, e.Message.TrimEnd('.'));
        }
    }

    private static CheckpointManifest Read(string name, ref SnapshotReader reader)
    {
        if (reader.UInt64() != Magic)
        {
            throw new CheckpointCorruptException(name, 0, "it does not start as a manifest does");
        }

        uint version = reader.UInt32();
        if (version != Version)
        {
            throw new CheckpointCorruptException(
                name, 8, $"its format version is {version}, and this program reads {Version}; use a newer program");
        }

        return new CheckpointManifest
        {
            IsSeal = reader.Byte() == 1,
            Lineage = (long)reader.Varint(),
            Generation = (long)reader.Varint(),
            OwnerId = reader.Text(),
            Writer = reader.Id(),
            CreatedMs = reader.Zigzag(),
            Content = ReadContent(ref reader),
            Segments = ReadSegments(ref reader),
        };
    }

    private static void WriteContent(SnapshotWriter writer, CheckpointContent content)
    {
        writer.Varint((ulong)content.DefinitionVersion);
        writer.Varint((ulong)content.DefinitionHashes.Count);
        foreach ((string name, ulong hash) in content.DefinitionHashes)
        {
            writer.Text(name);
            writer.UInt64(hash);
        }

        writer.Varint((ulong)content.Sources.Length);
        foreach (SourceProgress source in content.Sources)
        {
            writer.Text(source.Topic);
            writer.Varint((ulong)source.Partition);
            writer.Varint((ulong)source.NextOffset);
            ReadOnlySpan<OffsetGap> gaps = source.Gaps.IsDefault ? [] : source.Gaps.AsSpan();
            gaps = gaps[Math.Max(0, gaps.Length - CheckpointContent.GapsMax)..];
            writer.Varint((ulong)gaps.Length);
            foreach (OffsetGap gap in gaps)
            {
                writer.Varint((ulong)gap.First);
                writer.Varint((ulong)gap.Last);
            }
        }

        writer.Varint((ulong)content.Counters.Count);
        foreach ((string name, long value) in content.Counters)
        {
            writer.Text(name);
            writer.Zigzag(value);
        }

        WriteShards(writer, content);
    }

    // Shards that stand at the same positions share one array, which is written once.
    private static void WriteShards(SnapshotWriter writer, CheckpointContent content)
    {
        var vectors = new List<ImmutableArray<long>>();
        int[] vectorOf = new int[content.Shards.Length];
        for (int i = 0; i < vectorOf.Length; i++)
        {
            ImmutableArray<long> next = content.Shards[i].Next;
            vectorOf[i] = vectors.FindLastIndex(v => v == next);
            if (vectorOf[i] < 0)
            {
                vectorOf[i] = vectors.Count;
                vectors.Add(next);
            }
        }

        writer.Varint((ulong)vectors.Count);
        foreach (ImmutableArray<long> vector in vectors)
        {
            WriteNumbers(writer, vector);
        }

        writer.Varint((ulong)content.Shards.Length);
        for (int i = 0; i < vectorOf.Length; i++)
        {
            ShardContent shard = content.Shards[i];
            writer.Varint((ulong)shard.Shard);
            writer.Varint((ulong)shard.Epoch);
            writer.Varint((ulong)vectorOf[i]);
            WriteNumbers(writer, shard.Entities);
        }
    }

    private static void WriteNumbers(SnapshotWriter writer, ImmutableArray<long> numbers)
    {
        writer.Varint((ulong)numbers.Length);
        foreach (long number in numbers)
        {
            writer.Zigzag(number);
        }
    }

    private static CheckpointContent ReadContent(ref SnapshotReader reader)
    {
        long definitionVersion = (long)reader.Varint();
        var hashes = ImmutableSortedDictionary.CreateBuilder<string, ulong>(StringComparer.Ordinal);
        for (int left = reader.Count(CountMax); left > 0; left--)
        {
            string name = reader.Text();
            hashes[name] = reader.UInt64();
        }

        var sources = ImmutableArray.CreateBuilder<SourceProgress>();
        for (int left = reader.Count(CountMax); left > 0; left--)
        {
            sources.Add(ReadSource(ref reader));
        }

        var counters = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        for (int left = reader.Count(CountMax); left > 0; left--)
        {
            string name = reader.Text();
            counters[name] = reader.Zigzag();
        }

        return new CheckpointContent
        {
            DefinitionVersion = definitionVersion,
            DefinitionHashes = hashes.ToImmutable(),
            Sources = sources.ToImmutable(),
            Counters = counters.ToImmutable(),
            Shards = ReadShards(ref reader),
        };
    }

    private static ImmutableArray<ShardContent> ReadShards(ref SnapshotReader reader)
    {
        var vectors = new ImmutableArray<long>[reader.Count(ShardMap.CountMax)];
        for (int i = 0; i < vectors.Length; i++)
        {
            vectors[i] = ReadNumbers(ref reader);
        }

        var shards = new ShardContent[reader.Count(ShardMap.CountMax)];
        for (int i = 0; i < shards.Length; i++)
        {
            int shard = reader.Count(ShardMap.CountMax - 1);
            long epoch = (long)reader.Varint();
            int vector = reader.Count(ShardMap.CountMax);
            shards[i] = vector < vectors.Length
                ? new ShardContent(shard, epoch, vectors[vector], ReadNumbers(ref reader))
                : throw new SnapshotFormatException($"There are no positions {vector}.");
        }

        return ImmutableArray.Create(shards);
    }

    private static ImmutableArray<long> ReadNumbers(ref SnapshotReader reader)
    {
        long[] numbers = new long[reader.Count(CountMax)];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = reader.Zigzag();
        }

        return ImmutableArray.Create(numbers);
    }

    private static SourceProgress ReadSource(ref SnapshotReader reader)
    {
        string topic = reader.Text();
        int partition = reader.Count(ushort.MaxValue);
        long nextOffset = (long)reader.Varint();
        var gaps = new OffsetGap[reader.Count(CheckpointContent.GapsMax)];
        for (int i = 0; i < gaps.Length; i++)
        {
            long first = (long)reader.Varint();
            gaps[i] = new OffsetGap(first, (long)reader.Varint());
        }

        return new SourceProgress(topic, partition, nextOffset, [.. gaps]);
    }

    private static ImmutableArray<SegmentInfo> ReadSegments(ref SnapshotReader reader)
    {
        var segments = ImmutableArray.CreateBuilder<SegmentInfo>();
        for (int left = reader.Count(CountMax); left > 0; left--)
        {
            string name = reader.Text();
            int bytes = reader.Count(int.MaxValue);
            uint footerCrc = reader.UInt32();
            int records = reader.Count(int.MaxValue);
            int deletions = reader.Count(int.MaxValue);
            bool isBase = reader.Byte() == 1;
            segments.Add(new SegmentInfo(
                name, bytes, footerCrc, records, deletions, isBase, ShardSet.Read(ref reader)));
        }

        return segments.ToImmutable();
    }
}
