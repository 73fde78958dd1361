using System.Text;
using ContextGrid.Core.Entities;
using ContextGrid.Runtime.Hosting;

namespace ContextGrid.Orleans.Replay;

/// <inheritdoc/>
public sealed class Replays : IGridReplays
{
    private readonly ReplayParts _parts;

    internal Replays(ReplayParts parts) => _parts = parts;

    /// <inheritdoc/>
    public ValueTask<ReplayReply> StartAsync(
        string id, ReplayRequest request, CancellationToken cancellationToken = default) =>
        AskAsync(() => _parts.GrainOf(id).StartAsync(request), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ReplayStatus?> StatusAsync(string id, CancellationToken cancellationToken = default) =>
        AskAsync(() => StatusOfAsync(id), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ReplayStatus>> ListAsync(CancellationToken cancellationToken = default) =>
        AskAsync(StatusesAsync, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ReplayReply> CancelAsync(string id, CancellationToken cancellationToken = default) =>
        AskAsync(() => _parts.GrainOf(id).CancelAsync(), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ReplayReply> RemoveAsync(string id, CancellationToken cancellationToken = default) => AskAsync(
        async () =>
        {
            // A replay that has just ended may not have told the index yet.
            if (await StatusOfAsync(id) is { Phase: not ReplayPhase.Running })
            {
                await _parts.Index.EndAsync(id);
            }

            ReplayReply reply = await _parts.Index.RemoveAsync(id);
            if (reply.Outcome == ReplayOutcome.Done)
            {
                await _parts.GrainOf(id).ResumeAsync();
            }

            return reply;
        },
        cancellationToken);

    /// <summary>Reads an entity of a shadow version as far as it is durable; null: the version has no such entity.
    /// </summary>
    internal ValueTask<Entity?> ReadShadowAsync(string type, string key, string version)
    {
        var work = _parts.Source.Grid.WorkOf(type) ?? throw new ArgumentException($"There is no entity type '{type}'.");
        return _parts.Shadows.ReadShadowAsync(work.Plan, Encoding.UTF8.GetBytes(key), version);
    }

    // An exception that has come from another silo may have lost what it was: one that says what to do takes its place.
    private static async ValueTask<T> AskAsync<T>(Func<ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await ask().AsTask().WaitAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ReplaysUnavailableException(SiloFaults.Sentence(e), e);
        }
    }

    private async ValueTask<ReplayStatus?> StatusOfAsync(string id)
    {
        if (await _parts.GrainOf(id).GetStatusAsync() is { Durable: { Request: { } request } now } report)
        {
            return new ReplayStatus(
                id, request, now.Phase, now.Partitions, now.Events, now.Skipped, now.Reason ?? report.Fault,
                report.Silo, now.StartedMs, now.Phase == ReplayPhase.Running ? null : now.EndedMs);
        }

        // What was taken up, and could not begin since, is a replay too.
        return await _parts.Index.FindAsync(id) is { IsLeaving: false } entry
            ? new ReplayStatus(
                id, entry.Request, ReplayPhase.Running, [], 0, 0, "It waits for the log, to begin.", "", null, null)
            : null;
    }

    private async ValueTask<IReadOnlyList<ReplayStatus>> StatusesAsync()
    {
        ReplayEntry[] entries = await _parts.Index.ListAsync();
        ReplayStatus?[] all = await Task.WhenAll(entries.Select(e => StatusOfAsync(e.Id).AsTask()));
        return [.. all.OfType<ReplayStatus>()];
    }
}
