using System.Collections.Immutable;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Services;

/// <summary>
/// One watch: waits until one of its entities changes, sends those that have, and rests for the interval. Changes of
/// one entity merge by themselves, a slow client slows only its own watch, and nothing is queued but a mark for each
/// entity. Without changes it costs nothing. Positions are noted before marks are taken, and marks before values are
/// read: a later event is sent again rather than missed.
/// </summary>
internal sealed class Watch : IDisposable
{
    private static readonly TimeSpan RebuildLook = TimeSpan.FromMilliseconds(100);

    private readonly int _count;
    private readonly List<ContextQuery> _parts;
    private readonly IContextGrid _grid;
    private readonly ImmutableArray<PartitionProgress> _progress;
    private readonly TimeProvider _time;
    private readonly ChangedEntities _changed;
    private readonly WatchMessages _messages;

    /// <summary>Creates a watch, which does nothing yet.</summary>
    internal Watch(
        WatchContextRequest request,
        List<ContextQuery> parts,
        ContextHandlers contexts,
        IContextGrid grid,
        ImmutableArray<PartitionProgress> progress,
        IWatchSink sink,
        Turns turns,
        TimeProvider time)
    {
        (_count, _parts, _grid, _progress, _time) = (request.Entities.Count, parts, grid, progress, time);
        _changed = new ChangedEntities(_count);
        _messages = new WatchMessages(request, parts.Sum(p => p.ValueCount), contexts, sink, turns, _changed);
    }

    private bool IsRebuilding => _progress.Any(p => p.IsRebuilding);

    /// <summary>Runs until the token is cancelled.</summary>
    /// <param name="resumed">What the client has seen already; null: nothing.</param>
    /// <param name="interval">The rest between two messages.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    internal async Task RunAsync(SourceVector? resumed, TimeSpan interval, CancellationToken cancellationToken)
    {
        for (int p = 0; p < _parts.Count; p++)
        {
            await _grid.FollowAsync(_parts[p], p * ContextQuery.EntitiesMax, _changed, cancellationToken)
                .ConfigureAwait(false);
        }

        bool isRebuilding = IsRebuilding;
        _messages.ShowRebuilding = resumed is null;

        // Without a token the client gets everything first, also entities that were never seen.
        SourceVector seen = resumed ?? await SendAllAsync(SourceVector.Start, cancellationToken).ConfigureAwait(false);
        if (isRebuilding)
        {
            seen = await WhileRebuildingAsync(seen, isSilent: resumed is not null, cancellationToken)
                .ConfigureAwait(false);
        }
        else if (resumed is not null)
        {
            seen = await SendNewerAsync(seen, cancellationToken).ConfigureAwait(false);
        }

        _messages.ShowRebuilding = false;
        while (true)
        {
            await _changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            seen = await SendMarkedAsync(seen, cancellationToken).ConfigureAwait(false);
            TimeSpan rest = _messages.AnyRebuilding && interval < RebuildLook ? RebuildLook : interval;
            await Task.Delay(rest, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    // A client with a token has seen values that ran ahead of it: it gets nothing yet, so that none goes back.
    private async Task<SourceVector> WhileRebuildingAsync(
        SourceVector seen, bool isSilent, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(RebuildLook, _time, cancellationToken).ConfigureAwait(false);
            if (!IsRebuilding)
            {
                // Also values that did not change are complete from now on, which the client must learn.
                return await SendAllAsync(seen, cancellationToken).ConfigureAwait(false);
            }

            seen = isSilent ? seen : await SendNewerAsync(seen, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends to follow the entities.</summary>
    public void Dispose()
    {
        for (int p = 0; p < _parts.Count; p++)
        {
            _grid.Unfollow(_parts[p], p * ContextQuery.EntitiesMax, _changed);
        }
    }

    private ValueTask<SourceVector> SendAllAsync(SourceVector seen, CancellationToken cancellationToken)
    {
        SourceVector now = seen.Latest(SourceVector.Of(_progress));
        _changed.Take([]);
        return _messages.SendAsync([.. Enumerable.Range(0, _count)], seen, now, cancellationToken);
    }

    // Marks may come after the positions that are reported: what counts is how far they have come.
    private ValueTask<SourceVector> SendMarkedAsync(SourceVector seen, CancellationToken cancellationToken)
    {
        SourceVector now = seen.Latest(_grid.MarkedUpTo(_progress));
        var marked = new List<int>();
        _changed.Take(marked);
        return _messages.SendAsync(marked, seen, now, cancellationToken);
    }

    // A client that comes back may have seen what is marked now: what counts is what the entities have and not that
    // they have changed.
    private async ValueTask<SourceVector> SendNewerAsync(SourceVector seen, CancellationToken cancellationToken)
    {
        SourceVector now = seen.Latest(SourceVector.Of(_progress));
        _changed.Take([]);
        var newer = new List<int>();
        var found = new List<int>();
        for (int p = 0; p < _parts.Count; p++)
        {
            found.Clear();
            await _grid.FindChangedAsync(_parts[p], seen, found, cancellationToken).ConfigureAwait(false);
            int first = p * ContextQuery.EntitiesMax;
            newer.AddRange(found.Select(i => first + i));
        }

        return await _messages.SendAsync(newer, seen, now, cancellationToken).ConfigureAwait(false);
    }
}
