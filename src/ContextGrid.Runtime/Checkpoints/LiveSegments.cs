using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Keeps an index of every segment that is live or about to be, and the view of the newest manifest. Segments are added
/// by checkpoint and merge at the same time; one caller publishes.
/// </summary>
/// <param name="store">Where the segments are.</param>
internal sealed class LiveSegments(ISnapshotStore store)
{
    private readonly ConcurrentDictionary<string, SegmentIndex> _byName = new(StringComparer.Ordinal);
    private SegmentView _view = SegmentView.Empty;

    /// <summary>The view of the newest manifest; replaced as a whole.</summary>
    internal SegmentView View => Volatile.Read(ref _view);

    /// <summary>Adds a segment that has just been written; no view has it yet.</summary>
    internal void Add(SegmentIndex segment) => _byName[segment.Info.Name] = segment;

    /// <summary>Adds a segment that was opened, unless it is there.</summary>
    internal void Prepare(SegmentIndex segment) => _byName.TryAdd(segment.Info.Name, segment);

    /// <summary>Makes sure that there is an index of each segment of a manifest.</summary>
    /// <exception cref="SnapshotStoreException">One can't be read.</exception>
    internal async ValueTask PrepareAsync(
        ImmutableArray<SegmentInfo> segments, CancellationToken cancellationToken)
    {
        foreach (SegmentInfo segment in segments)
        {
            // Only what an attempt with an unknown outcome has published after all is not here already.
            if (!_byName.ContainsKey(segment.Name))
            {
                Add(await SegmentIndex.OpenAsync(store, segment, cancellationToken));
            }
        }
    }

    /// <summary>Makes the prepared segments of a manifest the view, and forgets those that it has replaced.</summary>
    internal void Publish(ImmutableArray<SegmentInfo> segments)
    {
        foreach (SegmentInfo segment in segments)
        {
            _byName[segment.Name] = _byName[segment.Name].As(segment);
        }

        var view = new SegmentView([.. segments.Select(s => _byName[s.Name].As(s))]);
        SegmentView before = View;
        Volatile.Write(ref _view, view);
        HashSet<string> named = [.. segments.Select(s => s.Name)];
        foreach (SegmentIndex segment in before.Segments)
        {
            if (!named.Contains(segment.Info.Name))
            {
                _byName.TryRemove(segment.Info.Name, out _);
            }
        }
    }

    /// <summary>Forgets segments that no manifest is going to name.</summary>
    internal void Forget(IEnumerable<SegmentInfo> segments)
    {
        foreach (SegmentInfo segment in segments)
        {
            if (!View.Segments.Any(s => s.Info.Name == segment.Name))
            {
                _byName.TryRemove(segment.Name, out _);
            }
        }
    }
}
