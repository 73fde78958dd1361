using ContextGrid.Runtime.Hosting;
using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Replay;

/// <inheritdoc cref="IReplayIndexGrain"/>
[GrainType("replays")]
internal sealed class ReplayIndexGrain(
    ReplayOptions options,
    [PersistentState("replays", GridContext.StorageName)] IPersistentState<ReplayIndexState> state)
    : Grain, IReplayIndexGrain
{
    private ReplayEntry[] Entries => state.State.Entries;

    /// <inheritdoc/>
    public async ValueTask<ReplayReply> AddAsync(string id, ReplayRequest request)
    {
        if (Find(id) is { } known)
        {
            return known.IsLeaving
                ? new ReplayReply(ReplayOutcome.Taken, $"The replay '{id}' is being removed; start it again later.")
                : known.Request == request ? ReplayReply.Done
                : new ReplayReply(ReplayOutcome.Taken, $"The replay '{id}' is another one: {Text(known.Request)}.");
        }

        if (Refuse(request) is { } refusal)
        {
            return refusal;
        }

        await WriteAsync([.. Entries, new ReplayEntry(id, request)]);
        return ReplayReply.Done;
    }

    /// <inheritdoc/>
    public ValueTask<ReplayEntry?> FindAsync(string id) => new(Find(id));

    /// <inheritdoc/>
    public ValueTask<ReplayEntry[]> ListAsync() => new(Entries);

    /// <inheritdoc/>
    public async ValueTask EndAsync(string id)
    {
        if (Find(id) is not { HasEnded: false, IsLeaving: false })
        {
            return;
        }

        ReplayEntry[] next = Change(Entries, id, e => e with { HasEnded = true });
        ReplayEntry[] kept = [.. next.Where(e => e is { HasEnded: true, IsLeaving: false })];
        foreach (ReplayEntry oldest in kept.SkipLast(options.KeptMax))
        {
            next = Change(next, oldest.Id, e => e with { IsLeaving = true });
        }

        await WriteAsync(next);
    }

    /// <inheritdoc/>
    public async ValueTask<ReplayReply> RemoveAsync(string id)
    {
        switch (Find(id))
        {
            case null:
                return new ReplayReply(ReplayOutcome.NotFound, $"There is no replay '{id}'.");
            case { HasEnded: false }:
                return new ReplayReply(ReplayOutcome.WrongPhase, $"The replay '{id}' runs; cancel it first.");
            default:
                await WriteAsync(Change(Entries, id, e => e with { IsLeaving = true }));
                return ReplayReply.Done;
        }
    }

    /// <inheritdoc/>
    public async ValueTask ForgetAsync(string id)
    {
        if (Find(id) is { IsLeaving: true })
        {
            await WriteAsync([.. Entries.Where(e => e.Id != id)]);
        }
    }

    private static ReplayEntry[] Change(ReplayEntry[] entries, string id, Func<ReplayEntry, ReplayEntry> change) =>
        [.. entries.Select(e => e.Id == id ? change(e) : e)];

    private static string Text(ReplayRequest request) =>
        $"{request.Type}@{request.Version}" + (request switch
        {
            { Key: { } key } => $", key '{key}'",
            { From: null, To: null } => ", all keys",
            _ => $", keys from '{request.From}' to '{request.To}'",
        });

    private ReplayEntry? Find(string id) => Array.Find(Entries, e => e.Id == id);

    private ReplayReply? Refuse(ReplayRequest request)
    {
        (string, string) shadow = (request.Type, request.Version);
        if (Array.Find(Entries, e => (e.Request.Type, e.Request.Version) == shadow) is { } same)
        {
            return new ReplayReply(
                ReplayOutcome.Taken,
                $"{request.Type}@{request.Version} is of the replay '{same.Id}': name another version, or remove it.");
        }

        if (Entries.Count(e => !e.HasEnded) >= options.RunningMax)
        {
            return new ReplayReply(
                ReplayOutcome.TooMany, $"{options.RunningMax} replays run already: wait for one, or cancel it.");
        }

        return Entries.Count(e => e.IsLeaving) > options.KeptMax
            ? new ReplayReply(ReplayOutcome.TooMany, "Old replays are still being removed; start it again later.")
            : null;
    }

    // What is not durable must not be told by the next call: whatever failed, this activation goes.
    private async Task WriteAsync(ReplayEntry[] entries)
    {
        state.State = new ReplayIndexState { Entries = entries };
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }
}
