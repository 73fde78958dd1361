using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// The last step of an event's path: makes changed entities durable together with the positions that they reflect.
/// The positions are noted first and the entities are written after, a few at a time between turns: an entity may
/// reflect more than the noted positions, and its own positions make the records read again after a crash harmless
/// (I2). A failed checkpoint leaves everything changed and is tried again; a newer owner ends the loop (I5).
/// </summary>
internal sealed partial class Checkpointer
{
    // A turn of a shard stays in the tens of microseconds, so queries do not notice a checkpoint.
    private const int EntitiesPerTurn = 8;

    private readonly EmbeddedGrid _grid;
    private readonly CheckpointStore _store;
    private readonly ImmutableArray<PartitionProgress> _progress;
    private readonly ImmutableSortedDictionary<string, ulong> _hashes;
    private readonly GridMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly SnapshotWriter _writer = new();
    private readonly int[] _ends = new int[EntitiesPerTurn];
    private ImmutableArray<long> _published = [];

    internal Checkpointer(
        EmbeddedGrid grid,
        CheckpointStore store,
        ImmutableArray<PartitionProgress> progress,
        ImmutableSortedDictionary<string, ulong> hashes,
        GridMetrics metrics,
        TimeProvider time,
        ILogger logger)
    {
        _grid = grid;
        _store = store;
        _progress = progress;
        _hashes = hashes;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>The newest durable checkpoint.</summary>
    internal CheckpointManifest Current => _store.Current;

    /// <summary>Why the last checkpoint failed; null: it did not.</summary>
    internal string? Fault { get; private set; }

    /// <summary>Makes checkpoints until cancelled; the interval bounds what is read again after a crash (I9).</summary>
    /// <exception cref="OwnerFencedException">Another owner has taken over: this process must stop.</exception>
    internal async Task RunAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                try
                {
                    await CheckpointAsync(cancellationToken);
                }
                catch (SnapshotStoreException e)
                {
                    LogFailed(e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops; it makes the last checkpoint itself.
        }
    }

    /// <summary>Makes one checkpoint now, when anything moved since the last one.</summary>
    /// <exception cref="SnapshotStoreException">It is not durable; everything stays changed.</exception>
    /// <exception cref="OwnerFencedException">Another owner has taken over.</exception>
    internal async Task CheckpointAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            ImmutableArray<long> positions = [.. _progress.Select(p => p.Next)];
            if (!_published.IsDefaultOrEmpty && positions.SequenceEqual(_published) && Fault is null)
            {
                return;
            }

            long started = _time.GetTimestamp();
            await WriteAsync(positions, cancellationToken);
            _published = positions;
            Fault = null;
            _metrics.CountCheckpoint("ok", _time.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception e) when (e is SnapshotStoreException or OwnerFencedException)
        {
            Fault = e.Message;
            _metrics.CountCheckpoint("failed", 0);
            throw;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task WriteAsync(ImmutableArray<long> positions, CancellationToken cancellationToken)
    {
        var taken = new List<TakenShard>();
        bool durable = false;
        using CheckpointBuilder builder = _store.BeginCheckpoint();
        try
        {
            for (int t = 0; t < _grid.Plans.Length; t++)
            {
                for (int s = 0; s < _grid.Tables[t].Shards.Length; s++)
                {
                    EntityShard shard = _grid.Tables[t].Shards[s];
                    TakenShard changed = TakenShard.Take(shard);
                    taken.Add(changed);
                    string type = _grid.Plans[t].Definition.Name;
                    while (changed.Written < changed.Entities.Count)
                    {
                        AddSome(builder, type, changed);
                        if (builder.MustSpill)
                        {
                            await builder.SpillAsync(cancellationToken);
                        }
                    }
                }
            }

            await builder.PublishAsync(Content(positions), cancellationToken);
            durable = true;
        }
        finally
        {
            if (!durable)
            {
                taken.ForEach(t => t.GiveBack());
            }
        }
    }

    private CheckpointContent Content(ImmutableArray<long> positions) => new()
    {
        Sources =
        [
            .. _progress.Select((p, i) =>
                new SourceProgress(p.Partition.Topic, p.Partition.Partition, positions[i], p.Gaps)),
        ],
        DefinitionVersion = 1,
        DefinitionHashes = _hashes,
    };

    private void AddSome(CheckpointBuilder builder, string type, TakenShard taken)
    {
        int from = taken.Written, count = Math.Min(EntitiesPerTurn, taken.Entities.Count - from);
        _writer.Reset();
        lock (taken.Shard.Gate)
        {
            for (int i = 0; i < count; i++)
            {
                Entity entity = taken.Entities[from + i].Value;
                entity.MarkClean();
                entity.Snapshot(_writer, taken.Shard.Scratch);
                _ends[i] = _writer.Length;
            }

            taken.Written += count;
        }

        int start = 0;
        for (int i = 0; i < count; i++)
        {
            builder.Add(type, taken.Entities[from + i].Key, _writer.Written[start.._ends[i]]);
            start = _ends[i];
        }
    }

    [LoggerMessage(LogLevel.Error, "No checkpoint: {Message} The state stays in memory and is tried again.")]
    private partial void LogFailed(string message);
}
