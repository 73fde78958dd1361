using System.Buffers.Binary;
using System.Text;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;

namespace ContextGrid.Runtime.Tests.Checkpoints;

/// <summary>A segment that rots after it was opened: what a look-up meets is named, and the rest goes on.</summary>
public sealed class SegmentLookupCorruptionTests
{
    private const int Records = 300;
    private const int BlockBytes = 128 * 12;
    private const int TailBytes = 36;

    private readonly FaultySnapshotStore _store = new();
    private readonly StoredSegments _stored;

    public SegmentLookupCorruptionTests() => _stored = new StoredSegments(_store);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Find_BlockOfTheIndexIsDamaged_NamesItsOffsetAndOtherBlocksGoOn(int block)
    {
        (string name, byte[] whole) = await FillAsync();
        int index = BinaryPrimitives.ReadInt32LittleEndian(whole.AsSpan(whole.Length - TailBytes + 8));
        int start = index + (block * BlockBytes), end = Math.Min(start + BlockBytes, whole.Length - TailBytes);
        for (int at = start; at < end; at += 41)
        {
            Flip(name, at);
            int damaged = 0;
            for (int i = 0; i < Records; i++)
            {
                CheckpointCorruptException? corrupt = await FindAsync(i);
                damaged += corrupt is null ? 0 : 1;
                Assert.True(corrupt is null || (corrupt.Blob, corrupt.Offset) == (name, start));
            }

            // The first entry of the next block as well: equal hashes might begin in this one.
            Assert.Equal(((end - start) / 12) + (block < 2 ? 1 : 0), damaged);
            Flip(name, at);
        }
    }

    [Fact]
    public async Task Find_RecordIsDamaged_NamesItsOffsetAndOthersGoOn()
    {
        (string name, _) = await FillAsync();
        StoredRecord record = await _stored.FindAsync("user", Key(7));
        for (long at = record.Offset; at < record.Offset + 12 + Key(7).Length + record.Snapshot.Length; at++)
        {
            Flip(name, (int)at);
            CheckpointCorruptException? corrupt = await FindAsync(7);
            Assert.Equal((name, record.Offset), (corrupt?.Blob, corrupt?.Offset));
            Assert.Contains($"{name} is corrupt at byte {record.Offset}", corrupt!.Message, StringComparison.Ordinal);
            Assert.Null(await FindAsync(8));
            Flip(name, (int)at);
        }
    }

    [Fact]
    public async Task Find_SegmentIsCutShort_IsCorrupt()
    {
        (string name, byte[] whole) = await FillAsync();
        _store.Damage(name, content => content[..(whole.Length - TailBytes - BlockBytes)]);
        var seen = new HashSet<bool>();
        for (int i = 0; i < Records; i++)
        {
            seen.Add(await FindAsync(i) is null);
        }

        Assert.Equal(2, seen.Count); // Entries of the first block are found, those of the last can't be.
    }

    private static byte[] Key(int number) => Encoding.UTF8.GetBytes($"u{number}");

    private async Task<(string Name, byte[] Content)> FillAsync()
    {
        SegmentInfo segment = await _stored.AddAsync(
            Enumerable.Range(0, Records).Select(i => ("user", Key(i), Encoding.UTF8.GetBytes($"snapshot {i}"))), true);
        return (segment.Name, (await _store.GetAsync(segment.Name, CancellationToken.None))!.Content.ToArray());
    }

    /// <summary>Looks up; what comes is right or an exception.</summary>
    private async Task<CheckpointCorruptException?> FindAsync(int number)
    {
        try
        {
            await _stored.CheckAsync("user", Key(number));
            return null;
        }
        catch (CheckpointCorruptException e)
        {
            return e;
        }
    }

    private void Flip(string name, int at) => _store.Damage(name, content =>
    {
        content[at] ^= 0x10;
        return content;
    });
}
