using ContextGrid.Runtime.Hosting;

namespace ContextGrid.Server.Tests.Services;

/// <summary>Replays that answer what a test says, and remember what they were asked.</summary>
internal sealed class FakeReplays : IGridReplays
{
    /// <summary>What every wish is answered.</summary>
    internal ReplayReply Reply { get; set; } = ReplayReply.Done;

    /// <summary>The replay that there is; null: none.</summary>
    internal ReplayStatus? Status { get; set; }

    /// <summary>What was started last.</summary>
    internal (string Id, ReplayRequest Request)? Started { get; private set; }

    public ValueTask<ReplayReply> StartAsync(string id, ReplayRequest request, CancellationToken cancellationToken)
    {
        Started = (id, request);
        if (Reply == ReplayReply.Done)
        {
            Status = new ReplayStatus(id, request, ReplayPhase.Running, [], 0, 0, null, "", 0, 0);
        }

        return new(Reply);
    }

    public ValueTask<ReplayStatus?> StatusAsync(string id, CancellationToken cancellationToken) =>
        new(Status?.Id == id ? Status : null);

    public ValueTask<IReadOnlyList<ReplayStatus>> ListAsync(CancellationToken cancellationToken) =>
        new(Status is null ? [] : [Status]);

    public ValueTask<ReplayReply> CancelAsync(string id, CancellationToken cancellationToken) => new(Reply);

    public ValueTask<ReplayReply> RemoveAsync(string id, CancellationToken cancellationToken) => new(Reply);
}
