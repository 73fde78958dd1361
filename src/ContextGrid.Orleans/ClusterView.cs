using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace ContextGrid.Orleans;

/// <summary>
/// The cluster's members as this silo sees them, by version; versions are the same for all silos. What an entity had
/// only in memory is lost with its silo, so that an entity that has come into memory after a loss may be behind, until
/// the readers of its partitions have asked it. Thread-safe.
/// </summary>
internal sealed class ClusterView(IClusterMembershipService membership) : BackgroundService
{
    private readonly Lock _gate = new();
    private SiloAddress[] _active = [];
    private IReadOnlyList<ClusterMember> _members = [];
    private Action? _changed;
    private long _version;
    private long _lossVersion;

    /// <summary>The newest version that was seen.</summary>
    internal long Version => Volatile.Read(ref _version);

    /// <summary>The newest version in which a silo was missed; 0: there is none.</summary>
    internal long LossVersion => Volatile.Read(ref _lossVersion);

    /// <summary>The silos that take part, in order.</summary>
    internal IReadOnlyList<SiloAddress> Active
    {
        get
        {
            lock (_gate)
            {
                return _active;
            }
        }
    }

    /// <summary>All silos that are known, in order.</summary>
    internal IReadOnlyList<ClusterMember> Members
    {
        get
        {
            lock (_gate)
            {
                return _members;
            }
        }
    }

    /// <summary>The active silo of a hash; null: there is none.</summary>
    internal SiloAddress? Find(int hash) => Active.FirstOrDefault(s => s.GetConsistentHashCode() == hash);

    /// <summary>Sees what is known of the members by now, also what nobody has been told of yet.</summary>
    internal void Refresh()
    {
        if (membership.CurrentSnapshot is { } members && members.Version.Value > Version)
        {
            See(members);
        }
    }

    /// <summary>Calls back after each change, one at a time.</summary>
    internal void OnChange(Action changed)
    {
        lock (_gate)
        {
            _changed += changed;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            See(membership.CurrentSnapshot);
            await foreach (ClusterMembershipSnapshot members in
                membership.MembershipUpdates.WithCancellation(stoppingToken))
            {
                See(members);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private void See(ClusterMembershipSnapshot members)
    {
        SiloAddress[] active =
        [
            .. members.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).Order(),
        ];
        lock (_gate)
        {
            if (members.Version.Value < _version)
            {
                return; // Another one has seen a newer one meanwhile.
            }

            // The loss comes first: nobody may see the version without it.
            if (_active.Except(active).Any())
            {
                Volatile.Write(ref _lossVersion, members.Version.Value);
            }

            _active = active;
            _members = [.. members.Members.Values.OrderBy(m => m.SiloAddress)];
            Volatile.Write(ref _version, members.Version.Value);
        }

        _changed?.Invoke();
    }
}
