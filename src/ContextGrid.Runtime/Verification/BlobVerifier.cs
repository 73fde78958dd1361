using System.Buffers.Binary;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// Checks one segment of the checkpoints against what a manifest says of it: size, footer, header, every record and
/// its snapshot, the order of the records, the index, and all checksums. Memory is a few small buffers.
/// </summary>
/// <param name="store">Where the blobs are.</param>
/// <param name="report">Counts the bytes.</param>
/// <param name="snapshots">Checks the snapshots.</param>
internal sealed class BlobVerifier(ReadOnlySnapshotStore store, VerifyReport report, SnapshotVerifier snapshots)
{
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly byte[] _key = new byte[SegmentFormat.KeyBytesMax];

    /// <summary>Checks a segment.</summary>
    /// <returns>Null, or what is wrong with it.</returns>
    /// <exception cref="SnapshotStoreException">It can't be read.</exception>
    public async ValueTask<BlobFault?> VerifyAsync(SegmentInfo segment, CancellationToken cancellationToken)
    {
        bool whole = false;
        try
        {
            CheckSize(segment);
            report.Bytes += segment.Bytes;
            SegmentTail tail = await SegmentReader.ReadTailAsync(store, segment, cancellationToken);
            await SegmentReader.CheckFooterAsync(store, segment, cancellationToken);
            whole = true;
            await WalkAsync(segment, tail, cancellationToken);
            uint crc = await ChecksumAsync(segment.Name, tail.IndexOffset, cancellationToken);
            return crc == tail.BodyCrc ? null : new BlobFault(
                0, "the checksum of all records is wrong, though each record's own is right", IsWhole: true);
        }
        catch (CheckpointCorruptException e)
        {
            string what = e.Message[(e.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..].TrimEnd('.');
            return new BlobFault(e.Offset, what, whole);
        }
    }

    private void CheckSize(SegmentInfo segment)
    {
        var file = new FileInfo(store.PathOf(segment.Name));
        long bytes = file.Exists ? file.Length : -1;
        if (bytes != segment.Bytes)
        {
            throw new CheckpointCorruptException(segment.Name, Math.Max(bytes, 0), bytes < 0
                ? "the segment is missing"
                : $"the segment has {bytes} bytes instead of {segment.Bytes}");
        }
    }

    private async ValueTask WalkAsync(SegmentInfo segment, SegmentTail tail, CancellationToken cancellationToken)
    {
        byte[] start = new byte[SegmentFormat.HeaderFixedBytes];
        using SegmentReader reader = await SegmentReader.OpenAsync(store, segment, cancellationToken);
        await store.ReadAsync(segment.Name, 0, start, cancellationToken);
        long at = BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(12));
        var index = new IndexEntries(store, segment.Name, tail.IndexOffset, tail.Records);
        var before = default((ulong Hash, string Type, int KeyBytes));
        int records = 0, deletions = 0;
        while (await reader.MoveNextAsync(cancellationToken))
        {
            if (await index.NextAsync(cancellationToken) is not { } entry || entry != (reader.Hash, at))
            {
                throw new CheckpointCorruptException(
                    segment.Name, tail.IndexOffset + ((long)records * SegmentFormat.IndexEntryBytes),
                    $"the index does not say that a record stands at byte {at}");
            }

            CheckRecord(segment, reader, at, records == 0 ? null : before);
            before = (reader.Hash, reader.Type, reader.Key.Length);
            reader.Key.CopyTo(_key);
            deletions += reader.Snapshot.IsEmpty ? 1 : 0;
            at += SegmentFormat.RecordFixedBytes + reader.Key.Length + reader.Snapshot.Length;
            records++;
        }

        if (records != tail.Records || deletions != tail.Deletions || deletions != segment.Deletions)
        {
            throw new CheckpointCorruptException(
                segment.Name, segment.Bytes - SegmentFormat.TailBytes,
                $"it has {records} records with {deletions} deletions, which is not what its footer and manifest say");
        }
    }

    private void CheckRecord(
        SegmentInfo segment, SegmentReader reader, long at, (ulong Hash, string Type, int KeyBytes)? before)
    {
        if (before is { } last)
        {
            int order = last.Hash.CompareTo(reader.Hash);
            order = order != 0 ? order : string.CompareOrdinal(last.Type, reader.Type);
            order = order != 0 ? order : _key.AsSpan(0, last.KeyBytes).SequenceCompareTo(reader.Key);
            if (order >= 0)
            {
                throw new CheckpointCorruptException(segment.Name, at, order == 0
                    ? "an entity occurs twice"
                    : "the records are not in their order");
            }
        }

        if (!reader.Snapshot.IsEmpty && snapshots.WhatIsWrong(reader.Type, reader.Key, reader.Snapshot) is { } wrong)
        {
            throw new CheckpointCorruptException(segment.Name, at, wrong);
        }
    }

    private async ValueTask<uint> ChecksumAsync(string name, long bytes, CancellationToken cancellationToken)
    {
        uint crc = 0;
        for (long at = 0; at < bytes;)
        {
            int want = (int)Math.Min(_buffer.Length, bytes - at);
            int read = await store.ReadAsync(name, at, _buffer.AsMemory(0, want), cancellationToken);
            if (read != want)
            {
                throw new CheckpointCorruptException(name, at + Math.Max(read, 0), "the segment ends too early");
            }

            crc = Crc32C.Append(crc, _buffer.AsSpan(0, read));
            at += read;
        }

        return crc;
    }
}

/// <summary>What is wrong with a segment of the checkpoints.</summary>
/// <param name="Offset">Where in the blob.</param>
/// <param name="What">What, as a clause.</param>
/// <param name="IsWhole">Whether size and footer are right: then a start takes the segment, and damaged
/// entities are found when they are wanted.</param>
internal sealed record BlobFault(long Offset, string What, bool IsWhole);
