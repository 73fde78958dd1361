using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Server;

/// <summary>
/// Refuses a start on state that the other kind of host has written. Each would take no notice of what the other one
/// has, and begin anew beside it.
/// </summary>
internal static class StoreLayout
{
    private const string OfServer = "manifests/", OfCluster = "shards/";

    /// <summary>Lets the host open its store only when nothing of the other kind is in it.</summary>
    /// <param name="host">Names the store.</param>
    /// <param name="isSilo">Whether the host is a silo.</param>
    /// <exception cref="HostStartException">The data directory has such state; opening another store throws the same.
    /// </exception>
    internal static EmbeddedHostOptions Guard(EmbeddedHostOptions host, bool isSilo)
    {
        if (host.Snapshots is { } place)
        {
            return host with { Snapshots = place with { OpenAsync = token => OpenAsync(place, isSilo, token) } };
        }

        string checkpoints = Path.Combine(Path.GetFullPath(host.DataDirectory), "checkpoints");
        string other = Path.Combine(checkpoints, Other(isSilo));
        return Directory.Exists(other) && Directory.EnumerateFiles(other, "*", SearchOption.AllDirectories).Any()
            ? throw new HostStartException(WhyNot(checkpoints, isSilo, "--data"))
            : host;
    }

    private static async ValueTask<ISnapshotStore> OpenAsync(
        SnapshotPlace place, bool isSilo, CancellationToken cancellationToken)
    {
        ISnapshotStore store = await place.OpenAsync(cancellationToken).ConfigureAwait(false);
        return (await store.ListAsync(Other(isSilo), cancellationToken).ConfigureAwait(false)).Count == 0
            ? store
            : throw new HostStartException(WhyNot(place.Name, isSilo, "--snapshots"));
    }

    private static string Other(bool isSilo) => isSilo ? OfServer : OfCluster;

    private static string WhyNot(string where, bool isSilo, string option) => isSilo
        ? $"{where} has the state of a server that was no silo: start without --cluster, or name another place with "
            + $"{option}, where silos build their state from the log."
        : $"{where} has the state of a cluster: add --cluster, or name another place with {option}, where state is "
            + "built from the log.";
}
