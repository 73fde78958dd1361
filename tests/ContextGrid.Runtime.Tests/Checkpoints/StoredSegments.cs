using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;
using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Tests.Checkpoints;

/// <summary>Segments of chosen records in a store, newest last, and a plain map of what they say.</summary>
internal sealed class StoredSegments(ISnapshotStore store)
{
    private readonly Dictionary<string, byte[]> _newest = new(StringComparer.Ordinal);
    private readonly List<SegmentIndex> _segments = [];

    internal SegmentView View => new([.. _segments]);

    internal IReadOnlyList<SegmentIndex> Segments => _segments;

    /// <summary>Writes a segment; an empty snapshot is a deletion.</summary>
    internal async Task<SegmentInfo> AddAsync(
        IEnumerable<(string Type, byte[] Key, byte[] Snapshot)> records, bool reopen)
    {
        using var writer = new SegmentWriter(16 << 20);
        foreach ((string type, byte[] key, byte[] snapshot) in records)
        {
            Assert.True(writer.TryAdd(type, key, snapshot));
            _newest[NameOf(type, key)] = snapshot;
        }

        SealedSegment made = writer.Seal();
        var info = new SegmentInfo(
            SegmentName.Of(1, _segments.Count + 1, 1), made.Bytes, made.FooterCrc, made.Records, made.Deletions, false,
            ShardSet.All(1));
        await store.PutAsync(info.Name, made.Content.ToArray(), PutCondition.Absent, CancellationToken.None);
        _segments.Add(reopen
            ? await SegmentIndex.OpenAsync(store, info, CancellationToken.None)
            : SegmentIndex.Of(info, made.Content.Span));
        made.Return();
        return info;
    }

    /// <summary>Looks an entity up and compares with the map.</summary>
    internal async Task CheckAsync(string type, byte[] key)
    {
        StoredRecord found = await FindAsync(type, key);
        bool isThere = _newest.TryGetValue(NameOf(type, key), out byte[]? expected);
        StoredOutcome outcome = !isThere ? StoredOutcome.Nowhere
            : expected!.Length == 0 ? StoredOutcome.Deleted // It is there.
            : StoredOutcome.Found;
        Assert.Equal((NameOf(type, key), outcome), (NameOf(type, key), found.Outcome));
        Assert.Equal(expected ?? [], found.Snapshot.ToArray());
        Assert.True(!isThere || View.MayHave(KeyOf(type, key).Hash, 0));
    }

    internal ValueTask<StoredRecord> FindAsync(string type, byte[] key) =>
        View.FindAsync(store, KeyOf(type, key), CancellationToken.None);

    internal static StoredKey KeyOf(string type, byte[] key)
    {
        byte[] name = Encoding.UTF8.GetBytes(type);
        return new StoredKey(name, key, StableHash.Of(name) ^ StableHash.Of(key), Shard: 0);
    }

    /// <summary>
    /// Different keys of 16 bytes with one XXH64: for any first half there is a second half that leads to the same
    /// state, since each step of the hash can be turned round (its specification: xxHash's doc/xxhash_spec.md).
    /// </summary>
    internal static byte[][] KeysOfOneHash(int count)
    {
        const ulong P1 = 0x9E3779B185EBCA87, P2 = 0xC2B2AE3D27D4EB4F, P4 = 0x85EBCA77C2B2AE63, P5 = 0x27D4EB2F165667C5;
        ulong Round(ulong lane) => BitOperations.RotateLeft(lane * P2, 31) * P1;
        ulong Unround(ulong lane) => BitOperations.RotateRight(lane * Inverse(P1), 31) * Inverse(P2);
        ulong After(ulong lane) => (BitOperations.RotateLeft((P5 + 16) ^ Round(lane), 27) * P1) + P4;
        var keys = ImmutableArray.CreateBuilder<byte[]>();
        for (ulong i = 0; i < (ulong)count; i++)
        {
            byte[] key = new byte[16];
            BinaryPrimitives.WriteUInt64LittleEndian(key, i);
            BinaryPrimitives.WriteUInt64LittleEndian(key.AsSpan(8), Unround(After(i) ^ After(0)));
            keys.Add(key);
        }

        Assert.Single(keys.Select(k => StableHash.Of(k)).Distinct());
        return [.. keys];
    }

    // Newton's iteration: each step doubles the bits that are right.
    private static ulong Inverse(ulong odd)
    {
        ulong inverse = odd;
        for (int i = 0; i < 6; i++)
        {
            inverse *= 2 - (odd * inverse);
        }

        return inverse;
    }

    private static string NameOf(string type, byte[] key) => $"{type}/{Convert.ToHexString(key)}";
}
