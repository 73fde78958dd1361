using System.Text;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;

namespace ContextGrid.Runtime.Tests.Checkpoints;

/// <summary>Look-ups of single entities in segments against a plain map.</summary>
public sealed class SegmentLookupTests
{
    private readonly FaultySnapshotStore _store = new();
    private readonly StoredSegments _stored;

    public SegmentLookupTests() => _stored = new StoredSegments(_store);

    /// <summary>A block of the index has 128 entries: sizes around its ends.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(256)]
    [InlineData(1000)]
    public async Task Find_EveryKeyOfASegment_IsFoundAndOthersAreNot(int records)
    {
        foreach (bool reopen in new[] { false, true })
        {
            var stored = new StoredSegments(new FaultySnapshotStore());
            await stored.AddAsync(Enumerable.Range(0, records).Select(i => Record("user", i, $"snapshot {i}")), reopen);
            for (int i = 0; i < records + 500; i++)
            {
                await stored.CheckAsync("user", Key(i));
                await stored.CheckAsync("merchant", Key(i));
            }
        }
    }

    [Fact]
    public async Task Find_RandomSegments_EqualsAMap()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var stored = new StoredSegments(new FaultySnapshotStore());
            int segments = random.Next(1, 9), keys = random.Next(1, 600);
            for (int s = 0; s < segments; s++)
            {
                int count = random.Next(0, 400);
                await stored.AddAsync(
                    Enumerable.Range(0, count).Select(_ => Record(
                        random.Next(2) == 0 ? "user" : "merchant",
                        random.Next(keys),
                        random.Next(5) == 0 ? "" : $"{s} {random.Next()}")),
                    reopen: random.Next(2) == 0);
            }

            for (int i = 0; i < keys + 100; i++)
            {
                await stored.CheckAsync("user", Key(i));
                await stored.CheckAsync("merchant", Key(i));
                await stored.CheckAsync("device", Key(i));
            }
        }
    }

    [Fact]
    public async Task Find_InSeveralSegments_TheNewestRecordCounts()
    {
        await _stored.AddAsync([Record("user", 1, "old"), Record("user", 2, "two"), Record("user", 3, "x")], false);
        await _stored.AddAsync([Record("user", 1, "new"), Record("user", 2, "")], false);
        await _stored.AddAsync([Record("user", 3, "")], false);
        await _stored.AddAsync([Record("user", 3, "again")], false);
        Assert.Equal("new"u8.ToArray(), (await _stored.FindAsync("user", Key(1))).Snapshot.ToArray());
        Assert.Equal(StoredOutcome.Deleted, (await _stored.FindAsync("user", Key(2))).Outcome);
        Assert.Equal("again"u8.ToArray(), (await _stored.FindAsync("user", Key(3))).Snapshot.ToArray());
    }

    /// <summary>Records of one hash fill more than two blocks, in front of and behind others.</summary>
    [Fact]
    public async Task Find_ManyKeysOfOneHash_IsFoundInEveryBlock()
    {
        byte[][] keys = StoredSegments.KeysOfOneHash(301);
        foreach (int others in new[] { 0, 1, 90, 500 })
        {
            var stored = new StoredSegments(new FaultySnapshotStore());
            await stored.AddAsync(
                [
                    .. keys.Skip(1).Select((k, i) => ("user", k, Encoding.UTF8.GetBytes($"equal {i}"))),
                    .. Enumerable.Range(0, others).Select(i => Record("user", i, "other")),
                ],
                reopen: false);
            foreach (byte[] key in keys)
            {
                await stored.CheckAsync("user", key);
            }

            for (int i = 0; i < others; i++)
            {
                await stored.CheckAsync("user", Key(i));
            }
        }
    }

    /// <summary>An entity whose key is its type's name has the hash 0, whatever the type.</summary>
    [Fact]
    public async Task Find_EqualHashesOfDifferentTypes_AreToldApart()
    {
        string[] types = [.. Enumerable.Range(0, 300).Select(i => $"type{i}")];
        await _stored.AddAsync(
            types.Skip(1).Select((t, i) => (t, Encoding.UTF8.GetBytes(t), Encoding.UTF8.GetBytes($"{i}"))), true);
        foreach (string type in types)
        {
            await _stored.CheckAsync(type, Encoding.UTF8.GetBytes(type));
        }
    }

    [Fact]
    public async Task Find_SegmentIsNoLongerThere_IsGone()
    {
        SegmentInfo old = await _stored.AddAsync(Enumerable.Range(0, 9).Select(i => Record("user", i, "old")), false);
        await _stored.AddAsync([Record("user", 1, "new")], false);
        await _store.DeleteAsync(old.Name, CancellationToken.None);
        StoredRecord gone = await _stored.FindAsync("user", Key(2));
        Assert.Equal((StoredOutcome.Gone, old.Name), (gone.Outcome, gone.Blob));
        Assert.Equal(StoredOutcome.Found, (await _stored.FindAsync("user", Key(1))).Outcome);
    }

    [Fact]
    public async Task Find_FilterSaysNo_ReadsNothing()
    {
        await _stored.AddAsync(Enumerable.Range(0, 1000).Select(i => Record("user", i, "snapshot")), false);
        int calls = _store.Calls;
        for (int i = 1000; i < 2000; i++)
        {
            Assert.Equal(StoredOutcome.Nowhere, (await _stored.FindAsync("user", Key(i))).Outcome);
        }

        Assert.InRange(_store.Calls - calls, 0, 20);
    }

    private static byte[] Key(int number) => Encoding.UTF8.GetBytes($"u{number}");

    private static (string Type, byte[] Key, byte[] Snapshot) Record(string type, int number, string snapshot) =>
        (type, Key(number), Encoding.UTF8.GetBytes(snapshot));
}
