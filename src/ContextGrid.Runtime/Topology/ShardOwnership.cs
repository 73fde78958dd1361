using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// Moves shards: gives away what others are to have, takes what nobody has any more, and opens what this process owns.
/// One loop carries out one step after the other; each is safe to repeat.
/// </summary>
/// <remarks>
/// Hand-over: the shards take nothing more, a checkpoint has their state, one write of the ownership gives them away,
/// and they are closed. Take-over: the lineages of owners that are gone are sealed and their shards taken in one write,
/// both by <see cref="CheckpointStore.TakeOverAsync"/>. What is owned is then adopted and opened; it is behind until it
/// has caught up.
/// </remarks>
internal sealed partial class ShardOwnership
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);

    private readonly ClusterTopology _topology;
    private readonly ShardEngine _engine;
    private readonly CheckpointStore _store;
    private readonly Checkpointer _checkpointer;
    private readonly IMembershipView _members;
    private readonly ShardOpening _opening;
    private readonly ILogger _logger;
    private volatile bool _isLeaving;

    /// <summary>Creates the loop.</summary>
    /// <param name="topology">Knows the routes.</param>
    /// <param name="engine">Has the shards.</param>
    /// <param name="store">Has the ownership.</param>
    /// <param name="checkpointer">Makes checkpoints.</param>
    /// <param name="members">The processes that take part.</param>
    /// <param name="opening">Opens adopted shards.</param>
    /// <param name="logger">Is told what moves.</param>
    internal ShardOwnership(
        ClusterTopology topology,
        ShardEngine engine,
        CheckpointStore store,
        Checkpointer checkpointer,
        IMembershipView members,
        ShardOpening opening,
        ILogger logger)
    {
        (_topology, _engine, _store, _checkpointer) = (topology, engine, store, checkpointer);
        (_members, _opening, _logger) = (members, opening, logger);
        members.OnChange(topology.OwnershipChanged.Set);
    }

    /// <summary>Why the last step failed; null: it did not.</summary>
    internal string? Fault { get; private set; }

    /// <summary>Moves shards until cancelled.</summary>
    /// <exception cref="OwnerFencedException">This process is no longer an owner.</exception>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await TellAsync(); // This process is on the list now.
        while (!cancellationToken.IsCancellationRequested)
        {
            long seen = _topology.OwnershipChanged.Version;
            TimeSpan rest = LookInterval;
            try
            {
                await StepAsync(cancellationToken);
                Fault = null;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is SnapshotStoreException or CheckpointCorruptException
                or EventLogException)
            {
                Fault = e.Message;
                rest = RetryPause;
                LogFailed(e.Message);
            }

            await Task.WhenAny(_topology.OwnershipChanged.WaitAsync(
                seen, rest, _topology.Time, cancellationToken).AsTask());
        }
    }

    private bool IsListed => _store.Ownership.HasOwner(_store.Current.Lineage);

    /// <summary>Gives all shards to the other processes, and leaves the list of owners: those that do not know yet that
    /// this one leaves would give it some again. While <see cref="RunAsync"/> runs.</summary>
    /// <param name="most">How long it may take.</param>
    internal async Task LeaveAsync(TimeSpan most)
    {
        _isLeaving = true;
        _topology.OwnershipChanged.Set();
        long started = _topology.Time.GetTimestamp();
        while (IsListed && _members.Active.Any(m => m != _members.Self)
            && _topology.Time.GetElapsedTime(started) < most)
        {
            long seen = _topology.RoutesChanged.Version;
            await _topology.RoutesChanged.WaitAsync(seen, RetryPause, _topology.Time, CancellationToken.None);
        }
    }

    private async ValueTask StepAsync(CancellationToken cancellationToken)
    {
        See(await _store.RefreshOwnershipAsync(cancellationToken));
        RequireOwn();
        BalanceMoves moves = ShardBalancer.Plan(
            _store.Ownership, _store.Current.Lineage, _members.Active, _members.IsDead, _isLeaving);
        if (!moves.TakeOver.IsEmpty)
        {
            ShardSet taken = default;
            await _checkpointer.AloneAsync(
                async () => taken = await _store.TakeOverAsync(moves.TakeOver, cancellationToken));
            LogTaken(taken.Count);
            See(_store.Ownership);
            await TellAsync();
        }

        if (moves.HandOver.Count > 0)
        {
            await GiveAsync(moves.HandOver, cancellationToken);
        }

        await OpenAsync(cancellationToken);
        await RetireAsync(cancellationToken);
        if (_isLeaving && IsListed && _topology.Routes.Own.IsEmpty)
        {
            See(await _store.RetireAsync([_store.Current.Lineage], cancellationToken));
        }
    }

    // The first of the members takes those off the list that are gone and own nothing, so that what they have left can
    // be collected.
    private async ValueTask RetireAsync(CancellationToken cancellationToken)
    {
        if (_members.Active.Count == 0 || _members.Active[0] != _members.Self)
        {
            return;
        }

        Ownership ownership = _store.Ownership;
        HashSet<long> owners = [.. ownership.Shards.Select(s => s.Owner)];
        long[] gone =
        [
            .. ownership.Owners.Where(o => !owners.Contains(o.Lineage) && _members.IsDead(o.Address))
                .Select(o => o.Lineage),
        ];
        if (gone.Length > 0)
        {
            See(await _store.RetireAsync(gone, cancellationToken));
        }
    }

    // A process gives its shards away itself. Whoever else has taken them has ended this one's lineage before, also
    // where this one has nothing to publish and would not notice.
    private void RequireOwn()
    {
        ShardSet lost = _engine.Positions.Open.Except(_topology.Routes.Own);
        if (!lost.IsEmpty)
        {
            throw new OwnerFencedException(
                $"Another process has taken {lost.Count} shards of this one, which was taken for dead. Start it again; "
                + "it joins as a new one.");
        }
    }

    // 1. Nothing more is taken; 2. the state is durable; 3. the shards are given; 4. they are closed here.
    private async ValueTask GiveAsync(Dictionary<int, long> shards, CancellationToken cancellationToken)
    {
        ShardSet leaving = ShardSet.Of(shards.Keys).Intersect(_engine.Positions.Open);
        await _engine.Positions.LeaveAsync(leaving, cancellationToken);
        try
        {
            await _checkpointer.CheckpointAsync(cancellationToken, async () =>
            {
                Dictionary<int, long> given = shards.Where(s => leaving.Contains(s.Key)).ToDictionary();
                await _store.HandOverAsync(
                    given, _engine.Positions.Rebuilding(leaving), _isLeaving, cancellationToken);
                Close(leaving);
            });
        }
        finally
        {
            _engine.Positions.Stay(leaving.Intersect(_engine.Positions.Open));
        }

        LogGiven(leaving.Count);
        await TellAsync();
    }

    // Closes what this process does not own any more; queries find it where it is now.
    private void Close(ShardSet shards)
    {
        See(_store.Ownership);
        ShardSet lost = shards.Except(_topology.Routes.Own);
        if (!lost.IsEmpty)
        {
            _engine.CloseShards(lost);
        }
    }

    private async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        ShardSet missing = _topology.Routes.Own.Except(_engine.Positions.Open);
        if (missing.IsEmpty)
        {
            return;
        }

        // What is adopted is named by the next checkpoint, so it is open before there can be one.
        LogEnd[] ends = await _opening.EndsAsync(cancellationToken);
        await _checkpointer.AloneAsync(async () =>
        {
            ImmutableArray<AdoptedShard> adopted = await _store.AdoptAsync(missing, cancellationToken);
            await _opening.OpenAsync(adopted, ends, atStart: false, cancellationToken);
        });
        _topology.RoutesChanged.Set();
    }

    private void See(Ownership ownership) =>
        _topology.Routes = ShardRoutes.Of(ownership, _store.Current.Lineage);

    private Task TellAsync() => Task.WhenAll(_topology.Routes.Others.Select(o => TellAsync(o.Address)));

    private async Task TellAsync(string address)
    {
        try
        {
            using var limit = new CancellationTokenSource(RetryPause, _topology.Time);
            await _topology.Transport.CallAsync(address, ShardMessage.OwnershipChanged, default, limit.Token);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It looks by itself.
        }
    }

    [LoggerMessage(LogLevel.Information, "This process has taken {Count} shards.")]
    private partial void LogTaken(int count);

    [LoggerMessage(LogLevel.Information, "This process has given {Count} shards away.")]
    private partial void LogGiven(int count);

    [LoggerMessage(LogLevel.Warning, "Shards could not be moved or opened: {Message} It is tried again.")]
    private partial void LogFailed(string message);
}
