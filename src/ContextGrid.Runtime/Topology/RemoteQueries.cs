using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// Answers a query whose entities may be in several processes: those of this one directly, then one message to each
/// other owner, all at a time. A shard that moves meanwhile is asked again where it is then, as long as the query has
/// patience. Thread-safe.
/// </summary>
internal sealed class RemoteQueries
{
    /// <summary>How long a query waits for entities of other processes at most: longer than a healthy cluster ever
    /// takes.</summary>
    internal static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(2);

    // What another call was told says more.
    private const string NoAnswer = "its process did not answer in time";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly ClusterTopology _topology;
    private readonly ShardEngine _engine;
    private readonly ScratchPool<ShardEngine.ReadScratch> _reads = new(() => new ShardEngine.ReadScratch(), _ => 0);

    internal RemoteQueries(ClusterTopology topology, ShardEngine engine) => (_topology, _engine) = (topology, engine);

    /// <inheritdoc cref="IContextGrid.ReadAsync"/>
    internal async ValueTask ReadAsync(ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken)
    {
        ShardEngine.ReadScratch scratch = _reads.Take();
        if (!IsHere(query) || !await TryReadHereAsync(query, answer, scratch, cancellationToken))
        {
            // All are asked by their owners, this process among them: each fails for itself.
            answer.Start(query);
            scratch.Closed.Clear();
            scratch.Closed.AddRange(Enumerable.Range(0, query.Count));
        }

        if (scratch.Closed.Count > 0)
        {
            // Sources are noted by whoever has the entities.
            List<int> elsewhere = [.. scratch.Closed];
            if (elsewhere.Count == query.Count)
            {
                answer.Sources.Clear();
            }

            await ReadElsewhereAsync(query, answer, elsewhere, cancellationToken);
        }

        _reads.Give(scratch);
    }

    /// <inheritdoc cref="IContextGrid.FindChangedAsync"/>
    internal async ValueTask FindChangedAsync(
        ContextQuery query, SourceVector since, List<int> changed, CancellationToken cancellationToken)
    {
        var closed = new List<int>();
        await _engine.FindChangedAsync(query, since, changed, closed, cancellationToken);
        if (closed.Count == 0)
        {
            return;
        }

        string? why = await AskAsync(query, closed, null, ShardMessage.FindChanged, since, (places, reply) =>
        {
            (_, List<int> some, List<int> missing) = ComparisonMessage.ReadAnswer(reply.Span);
            lock (changed)
            {
                changed.AddRange(some.Select(p => places[p]));
                return [.. missing.Select(p => places[p])];
            }
        }, cancellationToken);
        if (why is not null)
        {
            throw new SnapshotStoreException($"An entity of the query can't be reached: {why}");
        }

        changed.Sort(); // As where all entities are in one process.
    }

    /// <summary>Asks one process which entities of a query have events after positions.</summary>
    internal async Task<(SourceVector UpTo, List<int> Changed, List<int> Closed)> CompareAsync(
        string address,
        ContextQuery query,
        IReadOnlyList<int> entities,
        SourceVector since,
        CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> reply = await _topology.Transport.CallAsync(
            address, ShardMessage.FindChanged, ComparisonMessage.Of(since, MessageOf(query, entities)),
            cancellationToken);
        return ComparisonMessage.ReadAnswer(reply.Span);
    }

    private async ValueTask<bool> TryReadHereAsync(
        ContextQuery query, ContextAnswer answer, ShardEngine.ReadScratch scratch, CancellationToken cancellationToken)
    {
        try
        {
            await _engine.ReadReachedAsync(query, answer, scratch, cancellationToken);
            return true;
        }
        catch (TimeoutException) when (!query.PositionsMin.IsDefaultOrEmpty)
        {
            throw; // Its owners would wait as long again.
        }
        catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    // What people are told: other exceptions may say anything.
    private static string SentenceOf(Exception e) =>
        e is SnapshotStoreException or CheckpointCorruptException or EventLogException or ShardCallException
            or SnapshotFormatException
            ? e.Message.ReplaceLineEndings(" ").TrimEnd('.')
            : "its process failed to read it";

    // Positions are waited for where the entities are.
    private bool IsHere(ContextQuery query) => query.PositionsMin.IsDefaultOrEmpty
        || !_engine.Positions.ShardsOf(query).Intersect(_engine.Positions.Open).IsEmpty;

    private async ValueTask ReadElsewhereAsync(
        ContextQuery query, ContextAnswer answer, List<int> entities, CancellationToken cancellationToken)
    {
        string? why = await AskAsync(query, entities, query.Patience, ShardMessage.Read, null, (places, reply) =>
        {
            lock (answer)
            {
                var missing = new List<int>();
                AnswerMessage.Read(reply.Span, query, places, answer, missing);
                return missing;
            }
        }, cancellationToken);
        foreach (int index in entities)
        {
            answer.MarkUnreached(index, why ?? "", query.HeadMs);
        }

        if (entities.Count > 0 && answer.Unreached.Count == query.Count)
        {
            throw new SnapshotStoreException($"No entity of the query can be reached: {why}");
        }
    }

    /// <summary>Asks the owners of entities, again and again, until all have answered or patience is over.</summary>
    /// <param name="query">The query.</param>
    /// <param name="entities">The places of the entities; those that were not answered remain.</param>
    /// <param name="patience">How long it may take; null: <see cref="PatienceMax"/>.</param>
    /// <param name="kind">What is asked.</param>
    /// <param name="since">The positions of a comparison.</param>
    /// <param name="take">Takes an answer about some places, and says which of them the process does not have.</param>
    /// <param name="cancellationToken">The caller's end.</param>
    /// <returns>Why some were not answered; null: all were.</returns>
    private async ValueTask<string?> AskAsync(
        ContextQuery query,
        List<int> entities,
        TimeSpan? patience,
        ShardMessage kind,
        SourceVector? since,
        Func<IReadOnlyList<int>, ReadOnlyMemory<byte>, List<int>> take,
        CancellationToken cancellationToken)
    {
        TimeSpan most = patience < PatienceMax ? patience.Value : PatienceMax;
        most = query.PositionsMin.IsDefaultOrEmpty ? most : ContextReader.PositionWaitMax + PatienceMax;
        using var limit = new CancellationTokenSource(most, _topology.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        string? why = null;
        while (true)
        {
            Task<(List<int> Left, string? Why)>[] calls =
            [
                .. Group(query, entities).Select(
                    g => CallAsync(g.Address, g.Entities, query, kind, since, take, either)),
            ];
            (List<int> Left, string? Why)[] ends = await Task.WhenAll(calls);
            cancellationToken.ThrowIfCancellationRequested();
            entities.Clear();
            entities.AddRange(ends.SelectMany(e => e.Left));
            why = ends.Select(e => e.Why).OfType<string>().FirstOrDefault(w => w != NoAnswer) ?? why
                ?? (Array.Exists(ends, e => e.Why is not null) ? NoAnswer : null);
            if (entities.Count == 0)
            {
                return null;
            }

            if (limit.IsCancellationRequested)
            {
                return why ?? "its shard is on its way from one process to another";
            }

            _topology.OwnershipChanged.Set();
            await Task.Delay(Pause, _topology.Time);
        }
    }

    private async Task<(List<int> Left, string? Why)> CallAsync(
        string? address,
        List<int> entities,
        ContextQuery query,
        ShardMessage kind,
        SourceVector? since,
        Func<IReadOnlyList<int>, ReadOnlyMemory<byte>, List<int>> take,
        CancellationTokenSource either)
    {
        try
        {
            byte[] message = MessageOf(query, entities);
            message = since is null ? message : ComparisonMessage.Of(since, message);
            ReadOnlyMemory<byte> reply = address is null
                ? await _topology.ReceiveAsync("", kind, message, either.Token)
                : await _topology.Transport.CallAsync(address, kind, message, either.Token).AsTask()
                    .WaitAsync(either.Token);
            return (take(entities, reply), null);
        }
        catch (OperationCanceledException)
        {
            return (entities, NoAnswer);
        }
        catch (TimeoutException) when (!query.PositionsMin.IsDefaultOrEmpty && address is null)
        {
            throw; // A position that does not come is told as such.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return (entities, SentenceOf(e));
        }
    }

    // Null stands for this process.
    private List<(string? Address, List<int> Entities)> Group(ContextQuery query, List<int> entities)
    {
        ShardRoutes routes = _topology.Routes;
        var groups = new Dictionary<int, List<int>>();
        foreach (int index in entities)
        {
            int at = routes.DestinationOf(ShardMap.ShardOf(query.Key(index), _engine.Positions.ShardCount));
            if (!groups.TryGetValue(at, out List<int>? group))
            {
                groups[at] = group = [];
            }

            group.Add(index);
        }

        return [.. groups.Select(g => (g.Key < 0 ? null : routes.Others[g.Key].Address, g.Value))];
    }

    private byte[] MessageOf(ContextQuery query, IReadOnlyList<int> entities)
    {
        var writer = new SnapshotWriter();
        ReadMessage.Write(writer, _engine.PlansHash, query, entities, s => _engine.Plans.IndexOf(s.Plan));
        return writer.Written.ToArray();
    }
}
