using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Reads every record of the segments that were live at the start, at a bounded rate, and tells which are damaged: a
/// start no longer reads them, so that otherwise a damaged one would be found when its entity is wanted, months later.
/// One task runs it; the rest is read by anybody.
/// </summary>
internal sealed partial class CheckpointScrub
{
    // A tenth of what a disk reads, so that look-ups do not wait for it; ten gigabytes take five minutes.
    private const int BytesPerSecond = 32 << 20;
    private const int BytesPerStep = 1 << 20;

    private readonly ISnapshotStore _store;
    private readonly Func<SegmentView> _view;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ImmutableArray<string> _faults = [];
    private long _bytes;

    internal CheckpointScrub(ISnapshotStore store, Func<SegmentView> view, TimeProvider time, ILogger logger)
    {
        _store = store;
        _view = view;
        _time = time;
        _logger = logger;
        BytesTotal = view().Segments.Sum(s => s.Info.Bytes);
    }

    /// <summary>What is to be read, bytes.</summary>
    internal long BytesTotal { get; }

    /// <summary>What has been read, or no longer needs to be, bytes.</summary>
    internal long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The damaged segments, each in a sentence that names blob and offset.</summary>
    internal ImmutableArray<string> Faults => _faults;

    /// <summary>Reads until all is read or cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (SegmentIndex segment in _view().Segments)
            {
                await CheckAsync(segment.Info, cancellationToken);
                Interlocked.Add(ref _bytes, segment.Info.Bytes);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops; the next start begins anew.
        }
    }

    private async Task CheckAsync(SegmentInfo segment, CancellationToken cancellationToken)
    {
        try
        {
            using SegmentReader reader = await SegmentReader.OpenAsync(_store, segment, cancellationToken);
            long step = 0;
            while (await reader.MoveNextAsync(cancellationToken))
            {
                step += SegmentFormat.RecordFixedBytes + reader.Key.Length + reader.Snapshot.Length;
                if (step >= BytesPerStep)
                {
                    await Task.Delay(TimeSpan.FromSeconds((double)step / BytesPerSecond), _time, cancellationToken);
                    step = 0;
                }
            }
        }
        catch (Exception e) when (e is CheckpointCorruptException or SnapshotStoreException)
        {
            // A segment that a merge has replaced meanwhile is no longer there, and no longer matters.
            if (_view().Segments.Any(s => s.Info.Name == segment.Name))
            {
                _faults = _faults.Add(e.Message);
                LogDamaged(e.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "The checkpoint is damaged: {Message} Queries and events of the entity fail. "
        + "Restore the data directory from a backup, or start with --rebuild.")]
    private partial void LogDamaged(string message);
}
