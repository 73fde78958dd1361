using System.Collections.Immutable;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Services;

/// <summary>
/// One watch: waits until one of its entities changes, by an event or because time has come for a value to change,
/// sends those that have, and rests for the interval. Changes of one entity merge by themselves, a slow client slows
/// only its own watch, and nothing is queued but a mark and a time for each entity. Without changes it costs nothing.
/// Positions are noted before marks are taken, and marks before values are read: a later event is sent again rather
/// than missed.
/// </summary>
internal sealed class Watch : IDisposable
{
    private static readonly TimeSpan RebuildLook = TimeSpan.FromMilliseconds(100);

    // A clock that is set forward is noticed after so long.
    private const long SleepMsMax = 60_000;

    private readonly int _count;
    private readonly List<ContextQuery> _parts;
    private readonly IContextGrid _grid;
    private readonly ImmutableArray<PartitionProgress> _progress;
    private readonly TimeProvider _time;
    private readonly ChangedEntities _changed;
    private readonly WatchTimes _times;
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
        _times = new WatchTimes(_count);
        _messages = new WatchMessages(request, parts, contexts, sink, turns, _changed, _times);
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private List<int> All => [.. Enumerable.Range(0, _count)];

    private bool IsRebuilding => _progress.Any(p => p.IsRebuilding);

    /// <summary>Runs until the token is cancelled.</summary>
    /// <param name="resumed">What the client has seen already; null: nothing.</param>
    /// <param name="interval">The rest between two messages.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    internal async Task RunAsync(ResumeToken? resumed, TimeSpan interval, CancellationToken cancellationToken)
    {
        for (int p = 0; p < _parts.Count; p++)
        {
            await _grid.FollowAsync(_parts[p], p * ContextQuery.EntitiesMax, _changed, cancellationToken)
                .ConfigureAwait(false);
        }

        bool isRebuilding = IsRebuilding;
        _messages.ShowRebuilding = resumed is null;

        // Without a token the client gets everything first, also entities that were never seen.
        SourceVector seen = resumed?.Seen
            ?? await SendAllAsync(SourceVector.Start, cancellationToken).ConfigureAwait(false);
        if (isRebuilding)
        {
            seen = await WhileRebuildingAsync(seen, isSilent: resumed is not null, cancellationToken)
                .ConfigureAwait(false);
        }
        else if (resumed is { } token)
        {
            seen = await ResumeAsync(token, cancellationToken).ConfigureAwait(false);
        }

        _messages.ShowRebuilding = false;
        while (true)
        {
            await WaitAsync(cancellationToken).ConfigureAwait(false);
            seen = await SendChangedAsync(seen, cancellationToken).ConfigureAwait(false);
            TimeSpan rest = _messages.AnyRebuilding && interval < RebuildLook ? RebuildLook : interval;
            await Task.Delay(rest, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            long earliestMs = _times.EarliestMs, nowMs = NowMs;
            if (earliestMs <= nowMs)
            {
                return;
            }

            long sleepMs = Math.Min(earliestMs - nowMs, SleepMsMax);
            if (await _changed.WaitAsync(
                earliestMs == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(sleepMs),
                _time, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    // When time may have changed what the client has, nobody knows which of it: it gets everything. Else all entities
    // are read to know when it will.
    private async Task<SourceVector> ResumeAsync(ResumeToken token, CancellationToken cancellationToken)
    {
        if (token.QuietUntilMs > NowMs)
        {
            await _messages.LearnAsync(All, cancellationToken).ConfigureAwait(false);
        }

        return token.QuietUntilMs > NowMs
            ? await SendNewerAsync(token.Seen, cancellationToken).ConfigureAwait(false)
            : await SendAllAsync(token.Seen, cancellationToken).ConfigureAwait(false);
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
        return _messages.SendAsync(All, null, seen, now, cancellationToken);
    }

    // Marks may come after the positions that are reported: what counts is how far they have come. An entity that is
    // due need not have changed.
    private ValueTask<SourceVector> SendChangedAsync(SourceVector seen, CancellationToken cancellationToken)
    {
        SourceVector now = seen.Latest(_grid.MarkedUpTo(_progress));
        var marked = new List<int>();
        _changed.Take(marked);
        var due = new List<int>();
        _times.TakeDue(NowMs, due);
        if (due.Count == 0)
        {
            return _messages.SendAsync(marked, null, seen, now, cancellationToken);
        }

        var ifOthers = new HashSet<int>(due);
        ifOthers.ExceptWith(marked);
        return _messages.SendAsync([.. marked.Concat(ifOthers).Order()], ifOthers, seen, now, cancellationToken);
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

        return await _messages.SendAsync(newer, null, seen, now, cancellationToken).ConfigureAwait(false);
    }
}
