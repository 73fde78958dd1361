using System.Text;
using ContextGrid.Core.Entities;

namespace ContextGrid.Orleans.Replay;

/// <summary>
/// The replays of the cluster: each rebuilds entities of a type from the retained log into a shadow version, beside
/// the live ones. Any silo can be asked. Thread-safe.
/// </summary>
public sealed class Replays
{
    private readonly ReplayParts _parts;

    internal Replays(ReplayParts parts) => _parts = parts;

    /// <summary>Starts a replay, which goes on by itself until it has ended, also when silos come and go.</summary>
    /// <param name="id">Names it: 1 to 64 letters of ASCII, digits, <c>.</c>, <c>_</c>, <c>-</c>. The same request
    /// again changes nothing; another one is refused.</param>
    /// <param name="request">What it rebuilds.</param>
    /// <returns>Whether it runs, or ran before, and why not. After an exception it may run nevertheless: start it
    /// again.</returns>
    public ValueTask<ReplayReply> StartAsync(string id, ReplayRequest request) =>
        _parts.GrainOf(id).StartAsync(request);

    /// <summary>What is known of a replay; null: there is none of that id.</summary>
    public async ValueTask<ReplayStatus?> StatusAsync(string id)
    {
        if (await _parts.GrainOf(id).GetStatusAsync() is { } status)
        {
            return status;
        }

        // What was taken up, and could not begin since, is a replay too.
        return await _parts.Index.FindAsync(id) is { IsLeaving: false } entry
            ? new ReplayStatus(
                id, entry.Request, ReplayPhase.Running, [], 0, 0, "It waits for the log, to begin.", "", 0, 0)
            : null;
    }

    /// <summary>Ends a replay; one that has ended stays as it is. What it has written stays until it is removed.
    /// </summary>
    public ValueTask<ReplayReply> CancelAsync(string id) => _parts.GrainOf(id).CancelAsync();

    /// <summary>Removes a replay that has ended, and its shadow version; id and version are free when it is no longer
    /// listed.</summary>
    public async ValueTask<ReplayReply> RemoveAsync(string id)
    {
        ReplayReply reply = await _parts.Index.RemoveAsync(id);
        if (reply.Outcome == ReplayOutcome.Done)
        {
            await _parts.GrainOf(id).ResumeAsync();
        }

        return reply;
    }

    /// <summary>All replays that run or are kept, oldest first.</summary>
    public async ValueTask<IReadOnlyList<ReplayStatus>> ListAsync()
    {
        ReplayEntry[] entries = await _parts.Index.ListAsync();
        ReplayStatus?[] all = await Task.WhenAll(entries.Select(e => StatusAsync(e.Id).AsTask()));
        return [.. all.OfType<ReplayStatus>()];
    }

    /// <summary>Reads an entity of a shadow version as far as it is durable; null: the version has no such entity.
    /// </summary>
    internal ValueTask<Entity?> ReadShadowAsync(string type, string key, string version)
    {
        var work = _parts.Source.Grid.WorkOf(type) ?? throw new ArgumentException($"There is no entity type '{type}'.");
        return _parts.Shadows.ReadShadowAsync(work.Plan, Encoding.UTF8.GetBytes(key), version);
    }
}
