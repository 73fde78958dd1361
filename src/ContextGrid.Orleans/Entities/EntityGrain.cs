using ContextGrid.Core.Entities;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Orleans.Following;
using ContextGrid.Orleans.Wire;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Orleans.Storage;
using StableHash = ContextGrid.Core.Model.StableHash;

namespace ContextGrid.Orleans.Entities;

/// <summary>
/// One entity on a silo: Core's entity in memory, and its snapshot in grain storage. Whoever brings events says what it
/// has brought before, so that an activation that begins with older state, or beside another one, is found out before
/// it skips anything. A write that another activation has overtaken drops this one.
/// </summary>
[GrainType(EntityName.GrainType)]
[NearReaderPlacement] // Whoever reads the events calls it most.
internal sealed partial class EntityGrain(
    GridContext grid,
    ClusterView view,
    [PersistentState("entity", GridContext.StorageName)] IPersistentState<EntityState> state,
    ILogger<EntityGrain> logger) : Grain, IEntityGrain
{
    // Beyond that many different states since the last write, what is stored is taken for another activation's.
    private const int TriedMax = 64;

    private readonly ILogger _logger = logger;
    private EntityWork _work = null!; // Set by activation, before any call.
    private Entity _entity = null!; // As above.
    private Position[] _durable = [];
    private HashSet<ulong>? _tried; // Hashes of what failed writes may have stored all the same; null: none.
    private Task? _writing;
    private EntityObservers? _observers; // Null while nobody follows.
    private ReaderTrail _trail;
    private long _lossVersion;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await grid.EntitiesMayCome.WaitAsync(cancellationToken);
        string type = EntityName.TypeOf(this.GetGrainId().Key);
        _work = grid.WorkOf(type)
            ?? throw new ArgumentException($"No definition has the entity type '{type}' of {this.GetGrainId()}.");
        if (state.State.Snapshot is null)
        {
            await state.ReadStateAsync(cancellationToken); // It has moved, and could not be written before.
        }

        byte[] snapshot = state.State.Snapshot!; // What is read has one.
        if (snapshot.Length > 0 && state.State.Definitions != _work.StateHash)
        {
            throw new EntityStateException(
                $"The state of {this.GetPrimaryKeyString()} was made by other definitions. Start all silos with the "
                + "old ones, or with an empty store.");
        }

        try
        {
            _entity = snapshot.Length == 0 ? new Entity(_work.Plan) : Entity.Restore(_work.Plan, snapshot);
        }
        catch (SnapshotFormatException e)
        {
            throw new EntityStateException(
                $"The state of {this.GetPrimaryKeyString()} can't be read: {e.Message}", e);
        }

        view.Refresh();
        _lossVersion = view.LossVersion;
        _durable = _entity.Applied.ToArray();
        state.State.Snapshot = []; // It is in the entity now.
        grid.Metrics.Entities.CountActivated();
        _work.CountResident(1);
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_entity is null)
        {
            return;
        }

        try
        {
            while (_entity.IsDirty && !grid.IsCrashed)
            {
                await WriteAsync();
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The events are in the log, and come again.
            LogNotWritten(SiloFaults.ForLog(e), this.GetGrainId(), SiloFaults.Sentence(e));
        }

        // What moves to another silo takes its state along, if that is what is stored.
        state.State.Snapshot = _entity.IsDirty ? null : _work.Snapshot(_entity);
        grid.Metrics.Entities.CountPassivated(1);
        _work.CountResident(-1);
    }

    /// <inheritdoc/>
    public ValueTask<ApplyReply> ApplyAsync(EventBlock events)
    {
        ApplyReply reply = _work.Apply(_entity, events, out bool isChanged);
        if (isChanged && _observers is { } observers && !observers.Tell())
        {
            _observers = null;
        }

        // One that is followed stays, since those who follow it know it here.
        if (_trail.LeadsAway(events.Reader, grid.Silo) && _observers is null && view.Find(events.Reader) is { } reader)
        {
            RequestContext.Set(IPlacementDirector.PlacementHintKey, reader);
            MigrateOnIdle();
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }

        return new ValueTask<ApplyReply>(reply);
    }

    /// <inheritdoc/>
    public ValueTask<bool> FollowAsync(IEntityObserver silo) =>
        new((_observers ??= new EntityObservers(this.GetGrainId())).Add(silo));

    /// <inheritdoc/>
    public ValueTask<AnswerBlock> QueryAsync(EntityQuery query) => new(_work.Query(_entity, query, _lossVersion));

    /// <inheritdoc/>
    public async ValueTask<bool> FlushAsync(int source, long offset)
    {
        while (_work.AppliedOf(_durable, source) < offset)
        {
            if (_work.AppliedOf(_entity.Applied, source) < offset)
            {
                return false;
            }

            await WriteAsync();
        }

        return true;
    }

    // One write at a time; whoever comes meanwhile waits for it, and looks again whether that was enough.
    private Task WriteAsync() => _writing is { IsCompleted: false } ? _writing : _writing = WriteOnceAsync();

    private async Task WriteOnceAsync()
    {
        Position[] positions = _entity.Applied.ToArray();
        byte[] snapshot = _work.Snapshot(_entity);
        (state.State.Snapshot, state.State.Definitions) = (snapshot, _work.StateHash);
        _entity.MarkClean();
        try
        {
            await state.WriteStateAsync();
            _durable = positions;
            _tried = null;
        }
        catch (InconsistentStateException)
        {
            _entity.MarkDirty();
            if (!await IsOwnAsync())
            {
                // Another activation has written: this one's state is not the entity's.
                DeactivateOnIdle();
                throw;
            }
        }
        catch
        {
            _entity.MarkDirty();
            if ((_tried ??= []).Count < TriedMax)
            {
                _tried.Add(StableHash.Of(snapshot));
            }

            throw;
        }
        finally
        {
            state.State.Snapshot = [];
        }
    }

    // Whether what is stored is of this activation: a silo may go after it has written, and before it has said so (I4).
    // The next write is over that one.
    private async ValueTask<bool> IsOwnAsync()
    {
        if (_tried is not { } tried)
        {
            return false;
        }

        await state.ReadStateAsync();
        return tried.Contains(StableHash.Of(state.State.Snapshot));
    }

    [LoggerMessage(LogLevel.Warning, "{Grain} is not written before it goes: {Message}")]
    private partial void LogNotWritten(Exception? exception, GrainId grain, string message);
}
