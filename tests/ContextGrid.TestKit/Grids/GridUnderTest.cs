using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.TestKit.Grids;

/// <summary>
/// A grid that a conformance suite drives, as one or more silos see it: each partition has one of them, and queries go
/// to all in turn. Thread-safe as far as <see cref="IContextGrid"/> is.
/// </summary>
/// <param name="definitions">The definitions.</param>
/// <param name="grids">The grid, once for each silo.</param>
/// <param name="snapshot">Reads the state of an entity as bytes; empty: there is none.</param>
/// <param name="end">Ends the grid.</param>
public sealed class GridUnderTest(
    DefinitionSet definitions,
    ImmutableArray<IContextGrid> grids,
    Func<EntityPlan, byte[], Task<byte[]>> snapshot,
    Func<ValueTask> end) : IAsyncDisposable
{
    private int _turn;

    /// <summary>The definitions.</summary>
    public DefinitionSet Definitions => definitions;

    /// <summary>The plans of all entity types.</summary>
    public ImmutableArray<EntityPlan> Plans => grids[0].Plans;

    /// <summary>Reads definitions.</summary>
    /// <exception cref="InvalidOperationException">They are wrong.</exception>
    public static DefinitionSet Parse(string yaml)
    {
        DefinitionReadResult read = DefinitionFiles.Parse("conformance.yaml", yaml);
        return read.Set
            ?? throw new InvalidOperationException(string.Join('\n', read.Errors.AsEnumerable()) + "\n" + yaml);
    }

    /// <summary>The embedded grid, with everything in memory.</summary>
    public static GridUnderTest Embedded(DefinitionSet definitions)
    {
        var metrics = new GridMetrics();
        var grid = new ShardEngine(definitions, metrics);
        return new GridUnderTest(
            definitions,
            [grid],
            (plan, key) => Task.FromResult(Snapshot(grid, plan, key)),
            () =>
            {
                metrics.Dispose();
                return ValueTask.CompletedTask;
            });
    }

    /// <summary>Applies events of one partition as one batch.</summary>
    public async Task ApplyAsync(
        TopicPartition partition, IEnumerable<GridEvent> events, CancellationToken cancellationToken = default)
    {
        int index = definitions.EventOf(partition.Topic);
        var batch = new EventBatch(definitions, index, partition);
        batch.Load(Records(events), from: 0); // Nothing else comes before them.
        await grids[partition.Partition % grids.Length].ApplyAsync(batch, cancellationToken);
    }

    /// <summary>Answers a query.</summary>
    public async Task<ContextAnswer> ReadAsync(ContextQuery query)
    {
        var answer = new ContextAnswer();
        await Next().ReadAsync(query, answer, CancellationToken.None);
        return answer;
    }

    /// <summary>The places of those entities of a query that have events after some positions.</summary>
    public async Task<List<int>> FindChangedAsync(ContextQuery query, SourceVector since)
    {
        var changed = new List<int>();
        await Next().FindChangedAsync(query, since, changed, CancellationToken.None);
        return changed;
    }

    /// <summary>The state of an entity as bytes; empty: there is none.</summary>
    public Task<byte[]> SnapshotAsync(EntityPlan plan, string key) => snapshot(plan, Encoding.UTF8.GetBytes(key));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => end();

    private IContextGrid Next() => grids[(int)((uint)Interlocked.Increment(ref _turn) % (uint)grids.Length)];

    private static LogBatch Records(IEnumerable<GridEvent> events)
    {
        var batch = new LogBatch();
        foreach (GridEvent e in events)
        {
            byte[] payload = Encoding.UTF8.GetBytes(e.Json);
            batch.Reserve(payload.Length);
            payload.CopyTo(batch.Buffer, batch.BytesUsed);
            int at = batch.BytesUsed;
            batch.Add(new LogBatch.Entry(e.Offset, e.TimeMs, at, 0, at, payload.Length, at, 0));
            batch.BytesUsed += payload.Length;
        }

        return batch;
    }

    /// <summary>The state of a resident entity as bytes; empty: there is none.</summary>
    public static byte[] Snapshot(ShardEngine grid, EntityPlan plan, byte[] key)
    {
        ulong hash = StableHash.Of(key);
        EntityShard shard = grid.Tables[grid.Plans.IndexOf(plan)].ShardOf(key);
        lock (shard.Gate)
        {
            var writer = new SnapshotWriter();
            shard.Find(key, hash, default, out Entity? entity);
            entity?.Snapshot(writer, new ApplyScratch(plan));
            return writer.Written.ToArray();
        }
    }
}
