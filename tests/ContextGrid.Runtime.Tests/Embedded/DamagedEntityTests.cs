using System.Collections.Immutable;
using System.Text;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.TestKit.Checkpoints;
using static ContextGrid.Runtime.Tests.Embedded.HostOnStore;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>Fault: the stored record of one entity rots on the disk. It is named, and the others go on.</summary>
public sealed class DamagedEntityTests : IDisposable
{
    private const string Broken = "the-broken-one";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-damaged-").FullName;
    private readonly FaultySnapshotStore _store = new();

    private string Data => Path.Combine(_root, "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Read_RecordIsCorrupt_FailsWithBlobAndOffsetAndOthersAnswer()
    {
        (string blob, long offset) = await FillAndDamageAsync();
        await using EmbeddedHost host = await StartAsync(Data, _store);
        for (int i = 0; i < 2; i++)
        {
            var e = await Assert.ThrowsAsync<CheckpointCorruptException>(() => ReadAsync(host, Broken));
            Assert.Equal((blob, offset), (e.Blob, e.Offset));
            Assert.Contains($"{blob} is corrupt at byte {offset}", e.Message, StringComparison.Ordinal);
            Assert.Equal([(1, 4), (1, 5), (0, null)], await ReadAsync(host, "u4", "u5", "nobody"));
        }

        await Assert.ThrowsAsync<CheckpointCorruptException>(() => ReadAsync(host, "u6", Broken, "u7"));
        Assert.Equal([(1, 6)], await ReadAsync(host, "u6"));
    }

    [Fact]
    public async Task Apply_RecordIsCorrupt_StopsThePartitionAndSkipsNothing()
    {
        (string blob, long offset) = await FillAndDamageAsync();
        await using EmbeddedHost host = await StartAsync(Data, _store);
        long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await ApplyAsync(host, "k", Payment("before", "u4", 10));
        RecordPosition stopped = (await PublishAsync(host, "k", Payment("x", Broken, 1), Payment("y", "u4", 1)))[0];
        await DamageIsSeenAsync(host, nowMs);

        string why = host.WhyNotReady(nowMs) ?? "";
        Assert.Contains($"{blob} is corrupt at byte {offset}", why, StringComparison.Ordinal);
        Assert.Contains("topped at offset", why, StringComparison.Ordinal);
        PartitionProgress progress = ProgressOf(host, stopped);
        Assert.InRange(progress.Next, 0, stopped.Offset);

        // The other partition goes on; what stands behind the damage waits, and the checkpoint does not pass it.
        Assert.Equal([(2, 14)], await ReadAsync(host, "u4"));
        PartitionProgress other = host.Progress.Single(p => p != progress);
        string key = Enumerable.Range(0, 100).Select(i => $"k{i}").First(
            k => Murmur2.PartitionFor(Encoding.UTF8.GetBytes(k), 2) != stopped.Partition);
        await ApplyAsync(host, key, Payment("z", "u5", 10));
        Assert.Equal([(2, 15)], await ReadAsync(host, "u5"));
        await host.DisposeAsync();
        ImmutableArray<SourceProgress> sources = host.Checkpoint.Content.Sources;
        Assert.InRange(sources.Single(s => s.Partition == stopped.Partition).NextOffset, 0, stopped.Offset);
        Assert.Equal(other.Next, sources.Single(s => s.Partition != stopped.Partition).NextOffset);
    }

    /// <summary>Waits until the ingestor has met the damage.</summary>
    private static async Task DamageIsSeenAsync(EmbeddedHost host, long nowMs)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (host.WhyNotReady(nowMs)?.Contains("corrupt", StringComparison.Ordinal) != true)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task<(string Blob, long Offset)> FillAndDamageAsync()
    {
        await using (EmbeddedHost host = await StartAsync(Data, _store))
        {
            await ApplyAsync(host, "k", [.. Enumerable.Range(0, 50).Select(i => Payment($"p{i}", $"u{i}", i))]);
            await ApplyAsync(host, "k", Payment("b", Broken, 7));
        }

        string blob = Assert.Single(await _store.ListAsync("segments/", CancellationToken.None)).Name;
        int at = 0;
        _store.Damage(blob, content =>
        {
            at = content.AsSpan().IndexOf("the-broken-one"u8);
            content[at] ^= 0x10;
            return content;
        });
        return (blob, at - 12); // A record has 12 bytes in front of its key.
    }
}
