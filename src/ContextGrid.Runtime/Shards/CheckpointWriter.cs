using System.Collections.Immutable;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// Writes the changed entities of a grid into one checkpoint, a few at a time between turns. Once it is published, what
/// it holds may become passive; until then all of it stays resident. One caller at a time.
/// </summary>
internal sealed class CheckpointWriter
{
    // A turn of a shard stays in the tens of microseconds, so queries do not notice a checkpoint.
    private const int EntitiesPerTurn = 8;

    private readonly ShardEngine _grid;
    private readonly CheckpointStore _store;
    private readonly ImmutableArray<PartitionProgress> _progress;
    private readonly ImmutableSortedDictionary<string, ulong> _hashes;
    private readonly ApplyScratch[] _scratch;
    private readonly int[] _types; // Of each hash, the place of its type among the plans; −1: there is none.
    private readonly SnapshotWriter _writer = new();
    private readonly int[] _ends = new int[EntitiesPerTurn];
    private readonly byte[][] _keys = new byte[EntitiesPerTurn][];
    private int _number;

    internal CheckpointWriter(
        ShardEngine grid,
        CheckpointStore store,
        ImmutableArray<PartitionProgress> progress,
        ImmutableSortedDictionary<string, ulong> hashes)
    {
        _grid = grid;
        _store = store;
        _progress = progress;
        _hashes = hashes;
        _scratch = [.. grid.Plans.Select(p => new ApplyScratch(p))];
        List<string> names = [.. grid.Plans.Select(p => p.Definition.Name)];
        _types = [.. hashes.Keys.Select(t => names.IndexOf(t))];
    }

    /// <summary>The name of the counter that keeps across starts how many entities a type has.</summary>
    internal static string CounterOf(string type) => "entities." + type;

    /// <summary>
    /// Whether any entity has changed. While events wait for memory that is so although no position has moved.
    /// </summary>
    internal bool HasChanges
    {
        get
        {
            bool changed = false;
            foreach (EntityTable table in _grid.Tables)
            {
                foreach (EntityShard shard in table.Shards)
                {
                    changed |= shard.Changed.Count > 0;
                }
            }

            return changed;
        }
    }

    /// <summary>Writes and publishes one checkpoint; when that fails everything stays changed.</summary>
    /// <param name="positions">The positions of all open shards, noted before.</param>
    /// <param name="outputs">What is to be noted of the outputs.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SnapshotStoreException">It is not durable.</exception>
    /// <exception cref="OwnerFencedException">Another owner has taken over.</exception>
    internal async Task WriteAsync(
        IReadOnlyList<(int Shard, ImmutableArray<long> Next)> positions,
        ImmutableSortedDictionary<string, long> outputs,
        CancellationToken cancellationToken)
    {
        var taken = new List<TakenShard>();
        bool durable = false;
        int number = ++_number;
        long[][] counts = [.. _grid.Plans.Select(_ => new long[_grid.Positions.ShardCount])];
        using CheckpointBuilder builder = _store.BeginCheckpoint();
        try
        {
            foreach (EntityTable table in _grid.Tables.ToArray())
            {
                for (int i = 0; i < table.Shards.Length; i++)
                {
                    if (TakenShard.Take(table, table.Shards[i], out counts[table.Index][i]) is { } some)
                    {
                        taken.Add(some);
                        await WriteAsync(builder, some, number, cancellationToken);
                    }
                }
            }

            await builder.PublishAsync(Content(positions, outputs, counts), cancellationToken);
            durable = true;
            _grid.Passivation.Published = number;
            taken.ForEach(t => t.Release());
            _grid.Memory.SetLookupBytes(_grid.View.Bytes);
            _grid.Passivation.RelieveAll();
        }
        finally
        {
            if (!durable)
            {
                taken.ForEach(t => t.GiveBack());
            }
        }
    }

    private async ValueTask WriteAsync(
        CheckpointBuilder builder, TakenShard taken, int number, CancellationToken cancellationToken)
    {
        while (taken.Written < taken.Slots.Count)
        {
            AddSome(builder, taken, number);
            if (builder.MustSpill)
            {
                await builder.SpillAsync(cancellationToken);
            }
        }
    }

    private CheckpointContent Content(
        IReadOnlyList<(int Shard, ImmutableArray<long> Next)> positions,
        ImmutableSortedDictionary<string, long> outputs,
        long[][] counts)
    {
        ImmutableArray<long>[] vectors = [.. positions.Select(p => p.Next).Distinct()];
        return new CheckpointContent
        {
            Sources =
            [
                .. _progress.Select((p, i) => new SourceProgress(
                    p.Partition.Topic,
                    p.Partition.Partition,
                    vectors.Length == 0 ? p.Next : vectors.Min(v => v[i]),
                    p.Gaps)),
            ],
            Shards =
            [
                .. positions.Select(s => new ShardContent(
                    s.Shard,
                    _grid.EpochOf(s.Shard),
                    s.Next,
                    [.. _types.Select(t => t < 0 ? 0 : counts[t][s.Shard])])),
            ],
            DefinitionVersion = 1,
            DefinitionHashes = _hashes,
            Counters = Counters(counts).AddRange(outputs),
        };
    }

    private ImmutableSortedDictionary<string, long> Counters(long[][] counts)
    {
        var counters = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (EntityTable table in _grid.Tables)
        {
            counters[CounterOf(table.Plan.Definition.Name)] = counts[table.Index].Sum();
        }

        int marks = 0;
        foreach (PartitionProgress source in _progress)
        {
            LogStart.Note(counters, source);
            if (source.Mark is { } mark && ++marks <= RecordMark.CountMax)
            {
                counters[mark.CounterOf(source.Partition)] = mark.Crc;
            }
        }

        return counters.ToImmutable();
    }

    private void AddSome(CheckpointBuilder builder, TakenShard taken, int number)
    {
        int from = taken.Written, count = Math.Min(EntitiesPerTurn, taken.Slots.Count - from);
        _writer.Reset();
        lock (taken.Shard.Gate)
        {
            for (int i = 0; i < count; i++)
            {
                int slot = taken.Slots[from + i];
                ref EntityMap.Slot entry = ref taken.Shard.Entities[slot];
                Entity entity = entry.Entity!; // What is taken stays resident.
                entity.MarkClean();
                entity.Snapshot(_writer, _scratch[taken.Table.Index]);
                entity.MeasureBytes();
                taken.Shard.Account(slot);
                entry.SavedIn = number;
                (_keys[i], _ends[i]) = (entry.Key!, _writer.Length); // As above.
            }

            taken.Written += count;
        }

        string type = taken.Shard.Plan.Definition.Name;
        int start = 0;
        for (int i = 0; i < count; i++)
        {
            builder.Add(type, _keys[i], _writer.Written[start.._ends[i]]);
            start = _ends[i];
        }
    }
}
