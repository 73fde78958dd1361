using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Limits;
using Google.Protobuf;

namespace ContextGrid.Server.Services;

/// <summary>
/// The messages of one watch: reads entities, and sends them with a resume token, which is the positions that the
/// client has seen. While values are not whole it is the beginning: a client that comes back gets everything again.
/// </summary>
internal sealed class WatchMessages
{
    /// <summary>About how many values a message has at most, so that a slow client holds little.</summary>
    internal const int ValuesMax = 10_000;

    private readonly WatchContextRequest _request;
    private readonly ContextHandlers _contexts;
    private readonly IWatchSink _sink;
    private readonly Turns _turns;
    private readonly ChangedEntities _changed;
    private readonly int _entitiesMax;
    private readonly HashSet<int> _rebuilding = [];

    /// <summary>Creates the messages of a watch.</summary>
    /// <param name="request">What is watched.</param>
    /// <param name="values">How many values all its entities have.</param>
    /// <param name="contexts">Reads them.</param>
    /// <param name="sink">Takes messages.</param>
    /// <param name="turns">Lets one watch after the other read.</param>
    /// <param name="changed">Takes the entities that have to be read again.</param>
    internal WatchMessages(
        WatchContextRequest request,
        long values,
        ContextHandlers contexts,
        IWatchSink sink,
        Turns turns,
        ChangedEntities changed)
    {
        (_request, _contexts, _sink, _turns, _changed) = (request, contexts, sink, turns, changed);
        long each = Math.Max(1, values / request.Entities.Count);
        _entitiesMax = (int)Math.Clamp(ValuesMax / each, 1, ContextQuery.EntitiesMax);
    }

    /// <summary>
    /// Whether values that are not whole are sent; else they are held back until they are, so that none goes back.
    /// </summary>
    internal bool ShowRebuilding { get; set; }

    /// <summary>Whether some entity was not whole when it was last read. It is marked as changed.</summary>
    internal bool AnyRebuilding => _rebuilding.Count > 0;

    /// <summary>Sends entities; until the last message is out, the client has seen no more than before.</summary>
    /// <param name="sent">Their places in the request.</param>
    /// <param name="seen">What the client has seen.</param>
    /// <param name="now">What it has seen afterwards.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What the client has seen now.</returns>
    internal async ValueTask<SourceVector> SendAsync(
        List<int> sent, SourceVector seen, SourceVector now, CancellationToken cancellationToken)
    {
        for (int first = 0; first < sent.Count; first += _entitiesMax)
        {
            int end = Math.Min(sent.Count, first + _entitiesMax);
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
        GetContextResponse context = await _contexts.GetContextAsync(query, cancellationToken).ConfigureAwait(false);
        NoteRebuilding(part, context);
        if (context.Entities.Count > 0)
        {
            SourceVector token = AnyRebuilding ? SourceVector.Start : upTo;
            await _sink.WriteAsync(new WatchContextResponse
            {
                Context = context,
                ResumeToken = ByteString.CopyFrom(token.ToBytes()),
            }).ConfigureAwait(false);
        }

        return upTo;
    }

    private void NoteRebuilding(List<int> part, GetContextResponse context)
    {
        for (int i = part.Count - 1; i >= 0; i--)
        {
            if (!context.Entities[i].Statuses.Contains(FeatureStatus.Rebuilding))
            {
                _rebuilding.Remove(part[i]);
                continue;
            }

            _rebuilding.Add(part[i]);
            _changed.Mark(part[i]);
            if (!ShowRebuilding)
            {
                context.Entities.RemoveAt(i);
            }
        }
    }
}
