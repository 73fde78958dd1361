using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;
using ContextGrid.TestKit.Checkpoints;
using Microsoft.Extensions.Logging.Abstractions;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>Checkpoints of a grid on a store with one fault: what a restart finds is what was applied.</summary>
public sealed class CheckpointerTests : IDisposable
{
    // Segments so small that a checkpoint of a few entities is spilled several times.
    private static readonly CheckpointOptions Small = new()
    {
        SegmentBytesMax = 4096, SmallSegmentsMax = 2, MergeInPublish = true,
    };

    private readonly GridMetrics _metrics = new();
    private readonly FaultySnapshotStore _store = new();
    private readonly EventBatch _batch = new(Definitions, 0, Partition);
    private readonly ShardEngine _grid;
    private readonly PartitionProgress _progress = new(Partition, 0, 0, []);

    public CheckpointerTests() => _grid = new ShardEngine(Definitions, _metrics, [_progress]);

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task Checkpoint_StoreIsAwayAtAnyCall_LosesNothingOnceItIsBack()
    {
        int at = 1;
        for (bool struck = true; struck; at++)
        {
            using var run = new CheckpointerTests();
            struck = await run.FailOnceAsync(at);
        }

        Assert.True(at > 6, $"{at} calls are too few: the checkpoint is not spilled.");
    }

    [Fact]
    public async Task Checkpoint_FailedPublish_KeepsEverythingChangedAndTellsWhy()
    {
        await using CheckpointStore checkpoints = await OpenAsync("a");
        Checkpointer checkpointer = Make(checkpoints);
        await ApplyAsync(0, 3);
        (_store.Fault, _store.FaultAt) = (SnapshotFault.Away, _store.Calls + 1);
        await Assert.ThrowsAsync<SnapshotStoreException>(() => checkpointer.CheckpointAsync(CancellationToken.None));
        Assert.Contains("away", checkpointer.Fault, StringComparison.Ordinal);
        Assert.Equal(3, Changed());
        await checkpointer.CheckpointAsync(CancellationToken.None);
        Assert.Null(checkpointer.Fault);
        Assert.Equal((0, 3), (Changed(), checkpointer.Current.Content.Sources[0].NextOffset));
    }

    [Fact]
    public async Task Checkpoint_NothingMoved_WritesNothing()
    {
        await using CheckpointStore checkpoints = await OpenAsync("a");
        Checkpointer checkpointer = Make(checkpoints);
        await ApplyAsync(0, 3);
        await checkpointer.CheckpointAsync(CancellationToken.None);
        (long generation, int calls) = (checkpointer.Current.Generation, _store.Calls);
        await checkpointer.CheckpointAsync(CancellationToken.None);
        Assert.Equal((generation, calls), (checkpointer.Current.Generation, _store.Calls));
    }

    [Fact]
    public async Task Run_AnotherOwnerTookOver_EndsWithTheReason()
    {
        await using CheckpointStore old = await OpenAsync("old");
        Checkpointer checkpointer = Make(old);
        await ApplyAsync(0, 1);
        await using CheckpointStore next = await OpenAsync("next");
        var e = await Assert.ThrowsAsync<OwnerFencedException>(
            () => checkpointer.RunAsync(TimeSpan.FromMilliseconds(5), CancellationToken.None));
        Assert.NotEmpty(e.Message);
        Assert.Equal(e.Message, checkpointer.Fault);
        Assert.Equal(1, Changed());
    }

    /// <summary>Fails one call of a checkpoint, makes another, and restores; false: there is no such call.</summary>
    private async Task<bool> FailOnceAsync(int at)
    {
        await using CheckpointStore checkpoints = await OpenAsync("a");
        Checkpointer checkpointer = Make(checkpoints);
        await ApplyAsync(0, 60);
        (_store.Fault, _store.FaultAt) = (SnapshotFault.Away, _store.Calls + at);
        try
        {
            await checkpointer.CheckpointAsync(CancellationToken.None);
        }
        catch (SnapshotStoreException)
        {
            // What was taken must be in the next checkpoint.
        }

        _store.FaultAt = 0;
        await ApplyAsync(60, 3);
        await checkpointer.CheckpointAsync(CancellationToken.None);
        Assert.Equal(0, Changed());
        await CheckRestoredAsync();
        return _store.HasStruck;
    }

    private async Task CheckRestoredAsync()
    {
        await using CheckpointStore checkpoints = await OpenAsync("next");
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await checkpoints.ReadAllAsync(
            (_, key, snapshot) => found[Encoding.UTF8.GetString(key)] = Convert.ToHexString(snapshot),
            CancellationToken.None);
        Assert.Equal(63, checkpoints.Current.Content.Sources[0].NextOffset);
        Assert.Equal(Snapshots(), found);
    }

    private SortedDictionary<string, string> Snapshots()
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var writer = new SnapshotWriter();
        foreach (EntityShard shard in _grid.Tables[0].Shards)
        {
            for (int i = 0; i < shard.Entities.SlotCount; i++)
            {
                EntityMap.Slot slot = shard.Entities[i];
                writer.Reset();
                slot.Entity!.Snapshot(writer, new ApplyScratch(shard.Plan)); // Nothing has become passive.
                all[Encoding.UTF8.GetString(slot.Key!)] = Convert.ToHexString(writer.Written);
            }
        }

        return all;
    }

    private int Changed()
    {
        int changed = 0;
        foreach (EntityShard shard in _grid.Tables[0].Shards)
        {
            Assert.All(shard.Changed, c => Assert.True(shard.Entities[c].Entity!.IsDirty));
            changed += shard.Changed.Count;
        }

        return changed;
    }

    private async Task ApplyAsync(int first, int count)
    {
        _batch.Load(Batch(first, NowMs, Enumerable.Range(first, count).Select(i => Payment($"p{i}", $"u{i % 61}", i))));
        await _grid.ApplyAsync(_batch, CancellationToken.None);
        long next = first + count;
        await _grid.CompleteAsync(
            Partition, new Delivered(first, next, next, 0, 0, null), CancellationToken.None);
        _progress.Advance(next, next, 0);
    }

    private ValueTask<CheckpointStore> OpenAsync(string owner) =>
        CheckpointStore.OpenAsync(_store, owner, TimeProvider.System, Small, CancellationToken.None);

    private Checkpointer Make(CheckpointStore checkpoints) => new(
        _grid,
        checkpoints,
        [_progress],
        ImmutableSortedDictionary<string, ulong>.Empty.Add("user", 1),
        _metrics,
        TimeProvider.System,
        NullLogger.Instance);
}
