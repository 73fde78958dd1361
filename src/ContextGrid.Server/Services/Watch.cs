using System.Collections.Immutable;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Limits;
using Google.Protobuf;

namespace ContextGrid.Server.Services;

/// <summary>
/// One watch: waits until one of its entities changes, sends those that have, and rests for the interval. Changes of
/// one entity merge by themselves, a slow client slows only its own watch, and nothing is queued but a mark for each
/// entity. Without changes it costs nothing. The resume token is the positions that the client has seen.
/// </summary>
internal sealed class Watch : IDisposable
{
    /// <summary>About how many values a message has at most, so that a slow client holds little.</summary>
    internal const int MessageValuesMax = 10_000;

    private static readonly TimeSpan RebuildLook = TimeSpan.FromMilliseconds(100);

    private readonly WatchContextRequest _request;
    private readonly List<ContextQuery> _parts;
    private readonly ContextHandlers _contexts;
    private readonly IContextGrid _grid;
    private readonly ImmutableArray<PartitionProgress> _progress;
    private readonly IWatchSink _sink;
    private readonly Turns _turns;
    private readonly TimeProvider _time;
    private readonly ChangedEntities _changed;
    private readonly int _messageEntitiesMax;

    /// <summary>Begins to follow the entities.</summary>
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
        (_request, _parts, _contexts, _grid, _progress, _sink, _turns, _time) =
            (request, parts, contexts, grid, progress, sink, turns, time);
        _changed = new ChangedEntities(request.Entities.Count);
        long values = Math.Max(1, parts.Sum(p => p.ValueCount) / request.Entities.Count);
        _messageEntitiesMax = (int)Math.Clamp(MessageValuesMax / values, 1, ContextQuery.EntitiesMax);
        Follow(begins: true);
    }

    private bool IsRebuilding => _progress.Any(p => p.IsRebuilding);

    /// <summary>Runs until the token is cancelled.</summary>
    /// <param name="resumed">What the client has seen already; null: nothing.</param>
    /// <param name="interval">The rest between two messages.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    internal async Task RunAsync(SourceVector? resumed, TimeSpan interval, CancellationToken cancellationToken)
    {
        bool isRebuilding = IsRebuilding;

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

        while (true)
        {
            await _changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            seen = await SendMarkedAsync(seen, cancellationToken).ConfigureAwait(false);
            await Task.Delay(interval, _time, cancellationToken).ConfigureAwait(false);
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
    public void Dispose() => Follow(begins: false);

    private void Follow(bool begins)
    {
        for (int p = 0; p < _parts.Count; p++)
        {
            _grid.Follow(_parts[p], p * ContextQuery.EntitiesMax, _changed, begins);
        }
    }

    private ValueTask<SourceVector> SendAllAsync(SourceVector seen, CancellationToken cancellationToken)
    {
        SourceVector now = TakeMarked(seen, out _);
        return SendAsync([.. Enumerable.Range(0, _request.Entities.Count)], seen, now, cancellationToken);
    }

    private ValueTask<SourceVector> SendMarkedAsync(SourceVector seen, CancellationToken cancellationToken)
    {
        SourceVector now = TakeMarked(seen, out List<int> marked);
        return SendAsync(marked, seen, now, cancellationToken);
    }

    // A client that comes back may have seen what is marked now: what counts is what the entities have and not that
    // they have changed.
    private async ValueTask<SourceVector> SendNewerAsync(SourceVector seen, CancellationToken cancellationToken)
    {
        SourceVector now = TakeMarked(seen, out _);
        var newer = new List<int>();
        var found = new List<int>();
        for (int p = 0; p < _parts.Count; p++)
        {
            found.Clear();
            await _grid.FindChangedAsync(_parts[p], seen, found, cancellationToken).ConfigureAwait(false);
            int first = p * ContextQuery.EntitiesMax;
            newer.AddRange(found.Select(i => first + i));
        }

        return await SendAsync(newer, seen, now, cancellationToken).ConfigureAwait(false);
    }

    // The positions are noted before the marks are taken, and the marks before the values are read: a later event is
    // sent again rather than missed.
    private SourceVector TakeMarked(SourceVector seen, out List<int> marked)
    {
        SourceVector now = seen.Latest(SourceVector.Of(_progress));
        _changed.Take(marked = []);
        return now;
    }

    // Until the last message is out, the client has seen no more than before.
    private async ValueTask<SourceVector> SendAsync(
        List<int> sent, SourceVector seen, SourceVector now, CancellationToken cancellationToken)
    {
        for (int first = 0; first < sent.Count; first += _messageEntitiesMax)
        {
            int end = Math.Min(sent.Count, first + _messageEntitiesMax);
            List<int> part = sent[first..end];
            SourceVector upTo = end == sent.Count ? now : seen;
            await _turns.RunAsync(() => SendPartAsync(part, upTo, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }

        return sent.Count > 0 ? now : seen;
    }

    private async ValueTask<SourceVector> SendPartAsync(
        List<int> part, SourceVector upTo, CancellationToken cancellationToken)
    {
        var query = new GetContextRequest();
        query.Entities.AddRange(part.Select(i => _request.Entities[i]));
        query.Features.AddRange(_request.Features);
        await _sink.WriteAsync(new WatchContextResponse
        {
            Context = await _contexts.GetContextAsync(query, cancellationToken).ConfigureAwait(false),
            ResumeToken = ByteString.CopyFrom(upTo.ToBytes()),
        }).ConfigureAwait(false);
        return upTo;
    }
}
