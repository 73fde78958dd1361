using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Services;

/// <summary>
/// The messages of one watch: reads entities, and sends them with a resume token, which has the positions that the
/// client has seen. While values are not whole it is the beginning: a client that comes back gets everything again.
/// </summary>
internal sealed class WatchMessages
{
    /// <summary>About how many values a message has at most, so that a slow client holds little.</summary>
    internal const int ValuesMax = 10_000;

    // How often conditions that run with the clock are looked at, milliseconds.
    private const long RunningLookMs = 1_000;

    private readonly WatchContextRequest _request;
    private readonly ContextHandlers _contexts;
    private readonly IWatchSink _sink;
    private readonly Turns _turns;
    private readonly ChangedEntities _changed;
    private readonly WatchTimes _times;
    private readonly WatchedValues _values;
    private readonly int _entitiesMax;
    private readonly HashSet<int> _rebuilding = [];
    private readonly List<long> _nextMs = [];

    /// <summary>Creates the messages of a watch.</summary>
    /// <param name="request">What is watched.</param>
    /// <param name="parts">The same as queries.</param>
    /// <param name="contexts">Reads them.</param>
    /// <param name="sink">Takes messages.</param>
    /// <param name="turns">Lets one watch after the other read.</param>
    /// <param name="changed">Takes the entities that have to be read again.</param>
    /// <param name="times">Takes when they have to be read without an event.</param>
    internal WatchMessages(
        WatchContextRequest request,
        List<ContextQuery> parts,
        ContextHandlers contexts,
        IWatchSink sink,
        Turns turns,
        ChangedEntities changed,
        WatchTimes times)
    {
        (_request, _contexts, _sink, _turns) = (request, contexts, sink, turns);
        (_changed, _times) = (changed, times);
        _values = new WatchedValues(parts, request.Entities.Count);
        long each = Math.Max(1, parts.Sum(p => p.ValueCount) / request.Entities.Count);
        _entitiesMax = (int)Math.Clamp(ValuesMax / each, 1, ContextQuery.EntitiesMax);
    }

    /// <summary>
    /// Whether values that are not whole are sent; else they are held back until they are, so that none goes back.
    /// </summary>
    internal bool ShowRebuilding { get; set; }

    /// <summary>Whether some entity was not whole when it was last read. It is marked as changed.</summary>
    internal bool AnyRebuilding => _rebuilding.Count > 0;

    /// <summary>Sends entities; until the last message is out, the client has seen no more than before.</summary>
    /// <param name="read">Their places in the request.</param>
    /// <param name="ifOthers">Those of them that are sent only if the client has other values; null: none.</param>
    /// <param name="seen">What the client has seen.</param>
    /// <param name="now">What it has seen afterwards.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What the client has seen now.</returns>
    internal async ValueTask<SourceVector> SendAsync(
        List<int> read,
        HashSet<int>? ifOthers,
        SourceVector seen,
        SourceVector now,
        CancellationToken cancellationToken)
    {
        for (int first = 0; first < read.Count; first += _entitiesMax)
        {
            int end = Math.Min(read.Count, first + _entitiesMax);
            List<int> part = read[first..end];
            bool isLast = end == read.Count;
            await _turns.RunAsync(
                () => SendPartAsync(part, ifOthers, isLast ? now : seen, isLast, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }

        return read.Count > 0 ? now : seen;
    }

    /// <summary>Reads entities without sending them, to know their values and when time changes them.</summary>
    internal async ValueTask LearnAsync(List<int> read, CancellationToken cancellationToken)
    {
        for (int first = 0; first < read.Count; first += _entitiesMax)
        {
            List<int> part = read[first..Math.Min(read.Count, first + _entitiesMax)];
            await _turns.RunAsync(() => ReadAsync(part, null, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> SendPartAsync(
        List<int> part, HashSet<int>? ifOthers, SourceVector upTo, bool isLast, CancellationToken cancellationToken)
    {
        GetContextResponse context = await ReadAsync(part, ifOthers, cancellationToken).ConfigureAwait(false);
        if (context.Entities.Count > 0)
        {
            // Entities of a later part may have to be read before the times that are known.
            var token = new ResumeToken(AnyRebuilding ? SourceVector.Start : upTo, isLast ? _times.EarliestMs : 0);
            await _sink.WriteAsync(new WatchContextResponse { Context = context, ResumeToken = token.ToBytes() })
                .ConfigureAwait(false);
        }

        return true;
    }

    // What is to be sent.
    private async ValueTask<GetContextResponse> ReadAsync(
        List<int> part, HashSet<int>? ifOthers, CancellationToken cancellationToken)
    {
        var query = new GetContextRequest();
        query.Entities.AddRange(part.Select(i => _request.Entities[i]));
        query.Features.AddRange(_request.Features);
        _nextMs.Clear();
        GetContextResponse context =
            await _contexts.WatchAsync(query, _nextMs, cancellationToken).ConfigureAwait(false);
        for (int i = part.Count - 1; i >= 0; i--)
        {
            if (!Note(part[i], context.Entities[i], _nextMs[i], ifOthers))
            {
                context.Entities.RemoveAt(i);
            }
        }

        return context;
    }

    // Whether the entity is to be sent.
    private bool Note(int index, EntityContext entity, long nextMs, HashSet<int>? ifOthers)
    {
        _times.Set(index, _values.HasRunningConditions(index) && entity.Statuses.Contains(FeatureStatus.Present)
            ? Math.Min(nextMs, entity.HeadMs + RunningLookMs)
            : nextMs);
        if (!entity.Statuses.Contains(FeatureStatus.Rebuilding))
        {
            _rebuilding.Remove(index);
            return _values.Note(index, entity) || ifOthers is null || !ifOthers.Contains(index);
        }

        _rebuilding.Add(index);
        _changed.Mark(index);
        return ShowRebuilding;
    }
}
