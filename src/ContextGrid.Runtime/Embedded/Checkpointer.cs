using System.Collections.Immutable;
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
    private readonly EmbeddedGrid _grid;
    private readonly CheckpointStore _store;
    private readonly ImmutableArray<PartitionProgress> _progress;
    private readonly GridMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CheckpointWriter _writer;
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
        _writer = new CheckpointWriter(grid, store, progress, hashes);
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
        using var timer = new PeriodicTimer(interval, _time);
        try
        {
            Task<bool> tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
            while (true)
            {
                if (Fault is null)
                {
                    await Task.WhenAny(tick, _grid.Memory.CheckpointWanted);
                }

                if (Fault is not null || tick.IsCompleted)
                {
                    await tick;
                    tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
                }

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
            _grid.Memory.BeginCheckpoint();
            if (!_published.IsDefaultOrEmpty && positions.SequenceEqual(_published) && Fault is null && !_writer.HasChanges)
            {
                return;
            }

            long started = _time.GetTimestamp();
            await _writer.WriteAsync(positions, cancellationToken);
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
            _grid.Memory.EndCheckpoint();
            _one.Release();
        }
    }

    [LoggerMessage(LogLevel.Error, "No checkpoint: {Message} The state stays in memory and is tried again.")]
    private partial void LogFailed(string message);
}
