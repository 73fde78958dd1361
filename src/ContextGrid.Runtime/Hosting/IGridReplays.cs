namespace ContextGrid.Runtime.Hosting;

/// <summary>
/// The replays of a cluster: each rebuilds entities of a type from the retained log into a shadow version, beside the
/// live ones. Any silo can be asked. A token ends the waiting, not what was asked for. Thread-safe.
/// </summary>
public interface IGridReplays
{
    /// <summary>Starts a replay, which goes on by itself until it has ended, also when silos come and go.</summary>
    /// <param name="id">Names it: 1 to 64 letters of ASCII, digits, <c>.</c>, <c>_</c>, <c>-</c>. The same request
    /// again changes nothing; another one is refused.</param>
    /// <param name="request">What it rebuilds.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether it runs, or ran before, and why not.</returns>
    /// <exception cref="ReplaysUnavailableException">It may run nevertheless: start it again.</exception>
    ValueTask<ReplayReply> StartAsync(
        string id, ReplayRequest request, CancellationToken cancellationToken = default);

    /// <summary>What is known of a replay; null: there is none of that id.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ReplaysUnavailableException">Nobody can say now.</exception>
    ValueTask<ReplayStatus?> StatusAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>All replays that run or are kept, oldest first.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ReplaysUnavailableException">Nobody can say now.</exception>
    ValueTask<IReadOnlyList<ReplayStatus>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>Ends a replay; one that has ended stays as it is. What it has written stays until it is removed.
    /// </summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ReplaysUnavailableException">It may end nevertheless: cancel it again.</exception>
    ValueTask<ReplayReply> CancelAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Removes a replay that has ended, and its shadow version; id and version are free when it is no longer
    /// listed.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ReplaysUnavailableException">It may go nevertheless: remove it again.</exception>
    ValueTask<ReplayReply> RemoveAsync(string id, CancellationToken cancellationToken = default);
}
