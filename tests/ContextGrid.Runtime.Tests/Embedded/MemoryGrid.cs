using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Tests.Ingestion;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>One life of a grid with a memory budget and a store: from an opening to a crash or a stop.</summary>
internal sealed class MemoryGrid : IAsyncDisposable
{
    internal const int Partitions = 2;

    internal static readonly DefinitionSet Definitions = Read();

    // When the records were appended: after every event time, so that none is refused as being of the future.
    private const long AppendedMs = TestRecords.NowMs + 2_592_000_000;

    private readonly EventBatch[] _cursors =
        [.. Enumerable.Range(0, Partitions).Select(p => new EventBatch(Definitions, 0, PartitionOf(p)))];

    private readonly Checkpointer? _checkpointer;
    private readonly CheckpointStore? _store;

    private MemoryGrid(CheckpointStore? store, long bytesMax)
    {
        _store = store;
        Progress =
        [
            .. Enumerable.Range(0, Partitions).Select(p => new PartitionProgress(PartitionOf(p), p, Next(p), [])),
        ];
        Grid = new ShardEngine(
            Definitions, Metrics, store, bytesMax, new ShardPositions(Progress, ShardMap.CountDefault, true));
        ImmutableSortedDictionary<string, long>? counters = store?.Current.Content.Counters;
        Grid.OpenShards(
            ShardSet.All(ShardMap.CountDefault),
            [.. Progress],
            atStart: true,
            entitiesOf: (shard, plan) => shard > 0
                ? 0
                : counters?.GetValueOrDefault(CheckpointWriter.CounterOf(plan.Definition.Name)) ?? 0);
        _checkpointer = store is null
            ? null
            : new Checkpointer(
                Grid,
                store,
                Progress,
                ImmutableSortedDictionary<string, ulong>.Empty.Add("user", 1).Add("shop", 1),
                Metrics,
                TimeProvider.System,
                NullLogger.Instance);
    }

    internal ShardEngine Grid { get; }

    internal GridMetrics Metrics { get; } = new();

    internal ImmutableArray<PartitionProgress> Progress { get; }

    internal CheckpointStore Store => _store ?? throw new InvalidOperationException("There is no store.");

    /// <summary>A grid that keeps all in memory.</summary>
    internal static MemoryGrid Unlimited() => new(null, 0);

    internal static async Task<MemoryGrid> OpenAsync(ISnapshotStore store, CheckpointOptions options, long bytesMax) =>
        new(
            await CheckpointStore.OpenAsync(store, "test", TimeProvider.System, options, CancellationToken.None),
            bytesMax);

    internal static TopicPartition PartitionOf(int partition) => new("payments", partition);

    internal static string Payment(long timeMs, string user, string shop, string amount) =>
        $$"""{"ts":{{timeMs}},"user":"{{user}}","shop":"{{shop}}","amount":{{amount}}}""";

    /// <summary>Applies a batch. While memory is full it waits for a checkpoint.</summary>
    internal async Task ApplyAsync(
        int partition,
        long firstOffset,
        IReadOnlyCollection<string> events,
        CancellationToken cancellationToken = default)
    {
        EventBatch cursor = _cursors[partition];
        cursor.Load(TestRecords.Batch(firstOffset, AppendedMs, events));
        await Grid.ApplyAsync(cursor, cancellationToken);
        long next = firstOffset + events.Count;
        await Grid.CompleteAsync(
            PartitionOf(partition), new Delivered(firstOffset, next, next, 0, 0, null), cancellationToken);
        Progress[partition].Advance(next, next, 0);
    }

    internal Task CheckpointAsync() =>
        _checkpointer?.CheckpointAsync(CancellationToken.None) ?? Task.CompletedTask;

    /// <summary>Makes checkpoints until something is done: whoever waits for memory goes on.</summary>
    internal async Task CheckpointUntilAsync(Task done)
    {
        while (!done.IsCompleted)
        {
            await CheckpointAsync();
            await Task.Yield();
        }

        await done;
    }

    /// <summary>All features of entities of one type, as a text an entity.</summary>
    internal async Task<List<string>> ReadAsync(int plan, IEnumerable<string> keys, long headMs)
    {
        ContextQuery query = Query(plan, keys);
        query.HeadMs = headMs;
        var answer = new ContextAnswer();
        await Grid.ReadAsync(query, answer, CancellationToken.None);
        return [.. Enumerable.Range(0, query.Count).Select(i => Answers.Text(answer, i))];
    }

    internal async Task<List<int>> FindChangedAsync(int plan, IEnumerable<string> keys, SourceVector since)
    {
        var changed = new List<int>();
        await Grid.FindChangedAsync(Query(plan, keys), since, changed, CancellationToken.None);
        return changed;
    }

    internal ContextQuery Query(int plan, IEnumerable<string> keys)
    {
        var query = new ContextQuery();
        query.Selections.Add(FeatureSelection.All(Grid.Plans[plan]));
        foreach (string key in keys)
        {
            query.Add(0, Encoding.UTF8.GetBytes(key));
        }

        return query;
    }

    public async ValueTask DisposeAsync()
    {
        await (_store?.DisposeAsync() ?? ValueTask.CompletedTask);
        Metrics.Dispose();
    }

    private long Next(int partition) =>
        _store?.Current.Content.Sources.FirstOrDefault(s => s.Partition == partition)?.NextOffset ?? 0;

    private static DefinitionSet Read()
    {
        DefinitionReadResult result = DefinitionFiles.Parse("memory.yaml", """
            version: 1
            events:
              payment:
                topic: payments
                timestamp: ts
                max_future: 5m
                fields: {ts: timestamp, user: string, shop: string, amount: int64}
            entities:
              user:
                from: {payment: user}
                features:
                  n: payment | count()
                  spend: payment | sum(amount)
                  hour: payment | sum(amount) over 1h
                  exact: payment | count() over 10m exact
                  shops: payment | distinct(shop) over 1h
                  last: payment | last(shop)
                  by_shop: payment | sum(amount) by shop over 30m
              shop:
                from: {payment: shop}
                features:
                  n: payment | count()
                  most: payment | max(amount) over 30m

            """);
        return result.Set ?? throw new InvalidOperationException(string.Join('\n', result.Errors));
    }
}
