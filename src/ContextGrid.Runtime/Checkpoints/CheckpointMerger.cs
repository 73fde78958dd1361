using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Runs one merge at a time beside the checkpoints. A merge that fails costs its attempt and never a checkpoint; what
/// it has written is an orphan until a manifest names it. Used by whoever publishes.
/// </summary>
/// <param name="store">Where the segments are.</param>
/// <param name="put">Writes a segment of a merge.</param>
/// <param name="live">Forgets the segments of a merge that has failed.</param>
/// <param name="options">The limits.</param>
internal sealed class CheckpointMerger(
    ISnapshotStore store,
    Func<SealedSegment, CancellationToken, ValueTask<SegmentInfo>> put,
    LiveSegments live,
    CheckpointOptions options) : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private Task<MergedRun?>? _merge;

    /// <summary>Why the last merge did not succeed; null: it did.</summary>
    internal string? Error { get; private set; }

    /// <summary>
    /// The merge's result when it has one that fits the live segments; waits for it when too many stand side by side.
    /// It stays until <see cref="Forget"/>.
    /// </summary>
    /// <param name="segments">The live segments.</param>
    /// <param name="drop">Takes segments that nothing is going to name.</param>
    internal async ValueTask<MergedRun?> TakeAsync(
        ImmutableArray<SegmentInfo> segments, Action<ImmutableArray<SegmentInfo>> drop)
    {
        if (_merge is null || (!_merge.IsCompleted && segments.Length < MergePolicy.WaitAbove))
        {
            return null;
        }

        MergedRun? merged = await _merge;
        if (merged?.ApplyTo(segments) is not null)
        {
            return merged;
        }

        drop(merged?.Outputs ?? []);
        _merge = null;
        return null;
    }

    /// <summary>Says that the result is published.</summary>
    internal void Forget() => _merge = null;

    /// <summary>Begins a merge when none runs and one is worth it.</summary>
    /// <param name="segments">The live segments.</param>
    internal async ValueTask StartAsync(ImmutableArray<SegmentInfo> segments)
    {
        (int start, int count) = MergePolicy.Choose(segments, options);
        if (_merge is not null || count == 0)
        {
            return;
        }

        _merge = MergeAsync(segments.Slice(start, count), start == 0);
        if (options.MergeInPublish)
        {
            await _merge;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _closing.Cancel();
        if (_merge is not null)
        {
            // The outcome no longer matters: what a merge has written is an orphan until a manifest names it.
            await Task.WhenAny(_merge);
            _merge = null;
        }

        _closing.Dispose();
    }

    private async Task<MergedRun?> MergeAsync(ImmutableArray<SegmentInfo> run, bool isBase)
    {
        if (!options.MergeInPublish)
        {
            // A task of its own: the publisher goes on.
            await Task.Yield();
        }

        var written = new List<SegmentInfo>();
        async ValueTask<SegmentInfo> PutAsync(SealedSegment segment, CancellationToken token)
        {
            written.Add(await put(segment, token));
            return written[^1];
        }

        try
        {
            MergedRun merged = await MergedRun.MergeAsync(store, PutAsync, run, options, isBase, _closing.Token);
            Error = null;
            return merged;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Error = e.Message;
            live.Forget(written);
            return null;
        }
    }
}
