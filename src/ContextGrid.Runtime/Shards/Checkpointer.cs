using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Outputs;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// The last step of an event's path: makes changed entities durable together with the positions that they reflect.
/// The positions are noted first and the entities are written after, a few at a time between turns: an entity may
/// reflect more than the noted positions, and its own positions make the records read again after a crash harmless
/// (I2). A failed checkpoint leaves everything changed and is tried again; a newer owner ends the loop (I5).
/// </summary>
internal sealed partial class Checkpointer
{
    private readonly ShardEngine _grid;
    private readonly CheckpointStore _store;
    private readonly GridMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CheckpointWriter _writer;
    private readonly GridOutputs? _outputs;
    private List<(int Shard, ImmutableArray<long> Next)>? _published;

    internal Checkpointer(
        ShardEngine grid,
        CheckpointStore store,
        ImmutableArray<PartitionProgress> progress,
        ImmutableSortedDictionary<string, ulong> hashes,
        GridMetrics metrics,
        TimeProvider time,
        ILogger logger,
        GridOutputs? outputs = null)
    {
        _grid = grid;
        _store = store;
        _writer = new CheckpointWriter(grid, store, progress, hashes);
        _outputs = outputs;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>The newest durable checkpoint.</summary>
    internal CheckpointManifest Current => _store.Current;

    /// <summary>Why the last checkpoint failed; null: it did not.</summary>
    internal string? Fault { get; private set; }

    /// <summary>
    /// Makes checkpoints until cancelled. The interval bounds what is read again after a crash (I9); one that memory
    /// wants comes earlier, unless the last one has failed.
    /// </summary>
    /// <exception cref="OwnerFencedException">Another owner has taken over: this process must stop.</exception>
    internal async Task RunAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        Signal wanted = _grid.Memory.CheckpointWanted;
        try
        {
            long started = _time.GetTimestamp(), seen = wanted.Version;
            while (true)
            {
                TimeSpan left = interval - _time.GetElapsedTime(started);
                await WaitAsync(seen, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                (started, seen) = (_time.GetTimestamp(), wanted.Version);
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

    // What failed is not tried again before its time.
    private async ValueTask WaitAsync(long seen, TimeSpan most, CancellationToken cancellationToken)
    {
        if (Fault is null)
        {
            await _grid.Memory.CheckpointWanted.WaitAsync(seen, most, _time, cancellationToken);
        }
        else
        {
            await Task.Delay(most, _time, cancellationToken);
        }
    }

    /// <summary>Makes one checkpoint now, when anything moved since the last one.</summary>
    /// <exception cref="SnapshotStoreException">It is not durable; everything stays changed.</exception>
    /// <exception cref="OwnerFencedException">Another owner has taken over.</exception>
    internal Task CheckpointAsync(CancellationToken cancellationToken) =>
        CheckpointAsync(cancellationToken, null);

    /// <summary>Does something while no checkpoint is made.</summary>
    internal async Task AloneAsync(Func<Task> work)
    {
        await _one.WaitAsync(CancellationToken.None);
        try
        {
            await work();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Makes a checkpoint when anything moved, and does something before there can be another one.</summary>
    internal async Task CheckpointAsync(CancellationToken cancellationToken, Func<Task>? then)
    {
        await _one.WaitAsync(CancellationToken.None);
        try
        {
            await WriteAsync(cancellationToken);
            await (then?.Invoke() ?? Task.CompletedTask);
        }
        finally
        {
            _grid.Memory.Checkpointed.Set();
            _one.Release();
        }
    }

    private async ValueTask WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            List<(int Shard, ImmutableArray<long> Next)> positions = _grid.Positions.Vectors();
            ImmutableSortedDictionary<string, long> outputs = _outputs is null
                ? ImmutableSortedDictionary<string, long>.Empty
                : await _outputs.FlushAsync();
            bool moved = _published is null || !IsSame(positions, _published)
                || outputs.Any(o => Current.Content.Counters.GetValueOrDefault(o.Key) != o.Value);
            if (!moved && Fault is null && !_writer.HasChanges)
            {
                return;
            }

            long started = _time.GetTimestamp();
            await _writer.WriteAsync(positions, outputs, cancellationToken);
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
    }

    private static bool IsSame(
        List<(int Shard, ImmutableArray<long> Next)> a, List<(int Shard, ImmutableArray<long> Next)> b)
    {
        bool isSame = a.Count == b.Count;
        for (int i = 0; i < a.Count && isSame; i++)
        {
            isSame = a[i].Shard == b[i].Shard
                && (a[i].Next == b[i].Next || a[i].Next.AsSpan().SequenceEqual(b[i].Next.AsSpan()));
        }

        return isSame;
    }

    [LoggerMessage(LogLevel.Error, "No checkpoint: {Message} The state stays in memory and is tried again.")]
    private partial void LogFailed(string message);
}
