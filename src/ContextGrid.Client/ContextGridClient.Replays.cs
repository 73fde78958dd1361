using ContextGrid.Client.Transport;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Client;

/// <content>Replays: entities of a type, rebuilt from the log beside the live ones; on a cluster.</content>
public sealed partial class ContextGridClient
{
    /// <summary>Starts a replay, which goes on by itself. The same request again changes nothing.</summary>
    /// <param name="request">What it rebuilds; without id and version the server names them.</param>
    /// <param name="cancellation">Cancels the call; the replay may run nevertheless.</param>
    /// <exception cref="ContextGridException">InvalidArgument, NotFound: the request is wrong; AlreadyExists: another
    /// replay has the id or the version; ResourceExhausted: as many run as may; Unavailable: start it again;
    /// FailedPrecondition: the server is not a silo of a cluster.</exception>
    public Task<Replay> StartReplayAsync(StartReplayRequest request, CancellationToken cancellation = default) =>
        CallAsync(ContextGridMethods.StartReplay, request, false, cancellation);

    /// <summary>What is known of a replay.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="ContextGridException">NotFound: there is none of this id; FailedPrecondition: the server is not
    /// a silo of a cluster.</exception>
    public Task<Replay> GetReplayAsync(string id, CancellationToken cancellation = default) =>
        CallAsync(ContextGridMethods.GetReplay, new GetReplayRequest { Id = id }, false, cancellation);

    /// <summary>All replays that run or are kept, oldest first.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="ContextGridException">FailedPrecondition: the server is not a silo of a cluster.</exception>
    public async Task<IReadOnlyList<Replay>> ListReplaysAsync(CancellationToken cancellation = default) =>
        (await CallAsync(ContextGridMethods.ListReplays, new ListReplaysRequest(), false, cancellation)).Replays;

    /// <summary>Ends a replay; one that has ended stays as it is. What it has written stays until it is removed.
    /// </summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellation">Cancels the call; the replay may end nevertheless.</param>
    /// <exception cref="ContextGridException">As of <see cref="GetReplayAsync"/>.</exception>
    public Task<Replay> CancelReplayAsync(string id, CancellationToken cancellation = default) =>
        CallAsync(ContextGridMethods.CancelReplay, new CancelReplayRequest { Id = id }, false, cancellation);

    /// <summary>Removes a replay that has ended, with its shadow version, in the background: id and version are free
    /// when it is no longer listed.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellation">Cancels the call; the replay may go nevertheless.</param>
    /// <exception cref="ContextGridException">As of <see cref="GetReplayAsync"/>; FailedPrecondition also: it runs.
    /// </exception>
    public Task RemoveReplayAsync(string id, CancellationToken cancellation = default) =>
        CallAsync(ContextGridMethods.RemoveReplay, new RemoveReplayRequest { Id = id }, false, cancellation);
}
