using ContextGrid.Core.Definitions;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Wire;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Orleans.Replay;

/// <summary>
/// The work of a replay from one durable state on: reads partition after partition, applies to shadow entities, and
/// makes them durable before it says how far it is. Runs beside grains, on threads of the pool, one caller at a time.
/// When anything fails, the next one begins at what is durable; what is applied there already changes nothing (I2).
/// </summary>
internal sealed class ReplayRun : IAsyncDisposable
{
    private readonly ReplayParts _parts;
    private readonly EntityGroups _groups;
    private readonly ShadowEntities _entities;
    private ReplayState _state;
    private ReplayScan? _scan;

    /// <summary>Begins at a state.</summary>
    /// <exception cref="ReplayFailedException">The definitions are others.</exception>
    internal ReplayRun(ReplayParts parts, ReplayState state)
    {
        ReplayRequest request = state.Request!; // A replay that has begun has one.
        EntityWork? work = parts.Source.Grid.WorkOf(request.Type);
        if (work is null || HashOf(work) != state.DefinitionHash)
        {
            throw new ReplayFailedException(
                $"The definition of '{request.Type}' has changed since the replay began. Start another one.");
        }

        (_parts, _state) = (parts, state);
        _groups = new EntityGroups(work.Plan, new ReplayKeys(request));
        _entities = new ShadowEntities(
            work, parts.Shadows, ShadowStore.KindOf(request.Type, request.Version), parts.Options.MemoryBytesMax);
    }

    /// <summary>The state of a replay that begins now: the ends of all partitions are fixed.</summary>
    /// <exception cref="EventLogException">The log can't be asked.</exception>
    internal static async ValueTask<ReplayState> BeginAsync(ReplayParts parts, ReplayRequest request)
    {
        var state = new ReplayState { Request = request, StartedMs = parts.Source.NowMs };
        if (parts.Source.Grid.WorkOf(request.Type) is not { } work)
        {
            string reason = $"There is no entity type '{request.Type}' any more.";
            return state with { Phase = ReplayPhase.Failed, Reason = reason, EndedMs = state.StartedMs };
        }

        IEventLog log = parts.Source.Log;
        var partitions = new List<ReplayPartition>();
        foreach (string topic in work.Plan.Topics)
        {
            int count = await log.CountPartitionsAsync(topic, CancellationToken.None);
            for (int p = 0; p < count; p++)
            {
                var partition = new TopicPartition(topic, p);
                LogRange range = await log.GetRangeAsync(partition, CancellationToken.None);
                DefinitionSet definitions = parts.Source.Grid.Definitions;
                long start = Math.Max(range.Start, await LogStart.FindAsync(
                    log, definitions.Events[definitions.EventOf(topic)], partition, CancellationToken.None));
                partitions.Add(new ReplayPartition(topic, p, start, start, range.End));
            }
        }

        return state with { Partitions = [.. partitions], DefinitionHash = HashOf(work) };
    }

    /// <summary>Works up to the next checkpoint.</summary>
    /// <returns>The state to write down; everything that it says is durable in the shadow version.</returns>
    internal async Task<ReplayState> AdvanceAsync(CancellationToken cancellationToken)
    {
        int read = 0;
        while (read < _parts.Options.CheckpointRecords && !_entities.IsFull && Unread() >= 0)
        {
            read += await _parts.Turns.TakeAsync(() => StepAsync(cancellationToken), cancellationToken);
        }

        await _parts.Turns.TakeAsync(() => WriteAsync(cancellationToken), cancellationToken);
        return _state = Unread() >= 0
            ? _state
            : _state with { Phase = ReplayPhase.Finished, EndedMs = _parts.Source.NowMs };
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _scan?.DisposeAsync() ?? default;

    private static ulong HashOf(EntityWork work) =>
        DefinitionHash.OfState(work.Plan.Definitions, work.Plan.Definition);

    private int Unread() => Array.FindIndex(_state.Partitions, p => p.Next < p.End);

    private async ValueTask<int> StepAsync(CancellationToken cancellationToken)
    {
        int at = Unread();
        ReplayPartition partition = _state.Partitions[at];
        _scan ??= await ReplayScan.OpenAsync(_parts.Source, partition, cancellationToken);
        int records = await _scan.ReadAsync(cancellationToken);
        (int events, int skipped) = records > 0 ? await ApplyAsync(_scan.Events) : default;
        long next = records > 0 ? _scan.Next : partition.End;
        ReplayPartition[] partitions = [.. _state.Partitions];
        partitions[at] = partition with { Next = next, RetainedFrom = _scan.RetainedFrom };
        _state = _state with
        {
            Partitions = partitions, Events = _state.Events + events, Skipped = _state.Skipped + skipped,
        };
        if (next >= partition.End)
        {
            await _scan.DisposeAsync();
            _scan = null;
        }

        return records;
    }

    private async ValueTask<(int Events, int Skipped)> ApplyAsync(EventBatch batch)
    {
        int events = _groups.Fill(batch);
        await _entities.LoadAsync(_groups.Groups.Keys);
        foreach ((byte[] name, EventBlockWriter group) in _groups.Groups)
        {
            _entities.Apply(name, group.ToBlock(expected: -1));
        }

        return (events, batch.DeadLetters.Count);
    }

    private async ValueTask<int> WriteAsync(CancellationToken cancellationToken)
    {
        await _entities.WriteAsync(cancellationToken);
        return 0;
    }
}
