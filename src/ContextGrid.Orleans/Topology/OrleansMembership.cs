using Azure;
using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Clustering.Redis;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Topology;

/// <summary>
/// The members as the membership protocol of Orleans has them, and what that leaves open: where the list of members is
/// lost or replaced by an older one, its silos would go on with what they have seen, and others would form a second
/// cluster beside them. So this reads the list itself, each second. A silo that several reads in a row do not find in
/// it ends. An address that the protocol does not know is dead once a read that began after the question has not found
/// it: a silo owns shards only after it is in the list. Thread-safe.
/// </summary>
internal sealed partial class OrleansMembership(
    IClusterMembershipService membership,
    IMembershipTable table,
    ILocalSiloDetails silo,
    SiloFailure failure,
    TimeProvider time,
    ILogger<OrleansMembership> log) : BackgroundService, IMembershipView
{
    /// <summary>The time between two reads of the list.</summary>
    internal static readonly TimeSpan ReadInterval = TimeSpan.FromSeconds(1);

    /// <summary>So many reads in a row must say that this silo is lost, in case one met a list that is being restored.
    /// </summary>
    internal const int LostReads = 4;

    private const int AskedMax = 4_096;

    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Dictionary<SiloAddress, long> _asked = [];
    private ClusterMembershipSnapshot? _seen;
    private string[] _active = [];
    private Action? _changed;
    private long _readsBegun;
    private TableRead _read = new(0, []);

    /// <inheritdoc/>
    public string Self { get; } = silo.SiloAddress.ToParsableString();

    /// <inheritdoc/>
    public IReadOnlyList<string> Active
    {
        get
        {
            ClusterMembershipSnapshot now = membership.CurrentSnapshot;
            lock (_gate)
            {
                if (_seen != now)
                {
                    _seen = now;
                    _active =
                    [
                        .. now.Members.Values.Where(m => m.Status == SiloStatus.Active)
                            .Select(m => m.SiloAddress.ToParsableString()).Order(StringComparer.Ordinal),
                    ];
                }

                return _active;
            }
        }
    }

    /// <inheritdoc/>
    public bool IsDead(string address)
    {
        if (address == Self)
        {
            return false;
        }

        if (Parse(address) is not { } other)
        {
            return true; // No silo has such an address.
        }

        return membership.CurrentSnapshot.GetSiloStatus(other) switch
        {
            SiloStatus.None => IsAbsent(other),
            SiloStatus status => status == SiloStatus.Dead,
        };
    }

    /// <inheritdoc/>
    public void OnChange(Action changed)
    {
        lock (_gate)
        {
            _changed += changed;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(FollowAsync(stoppingToken), ReadAsync(stoppingToken));

    private static SiloAddress? Parse(string address)
    {
        try
        {
            return SiloAddress.FromParsableString(address);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            return null;
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (ClusterMembershipSnapshot _ in
                membership.MembershipUpdates.WithCancellation(cancellationToken))
            {
                _changed?.Invoke();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private bool IsAbsent(SiloAddress other)
    {
        lock (_gate)
        {
            if (_asked.TryGetValue(other, out long asked))
            {
                return _read.Number > asked && _read.IsGone(other);
            }

            if (_asked.Count >= AskedMax)
            {
                _asked.Clear();
            }

            _asked[other] = _readsBegun;
            if (_wake.CurrentCount == 0)
            {
                _wake.Release();
            }

            return false;
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        int lost = 0;
        try
        {
            while (lost < LostReads)
            {
                int before = lost;
                lost = await ReadOnceAsync(cancellationToken) switch
                {
                    ReadOutcome.Lost => lost + 1,
                    ReadOutcome.Member => 0,
                    _ => lost,
                };
                if (lost > before)
                {
                    LogLost(lost, LostReads);
                }

                await (lost > 0 ? Task.Delay(ReadInterval, time, cancellationToken) : WaitAsync(cancellationToken));
            }

            failure.End("the list of members does not name it any more; it was emptied, or replaced by an older one.");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task wake = _wake.WaitAsync(stop.Token);
        await Task.WhenAny(wake, Task.Delay(ReadInterval, time, stop.Token));
        await stop.CancelAsync();
        await wake.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<ReadOutcome> ReadOnceAsync(CancellationToken cancellationToken)
    {
        long number;
        lock (_gate)
        {
            number = ++_readsBegun;
        }

        MembershipVersion before = membership.CurrentSnapshot.Version;
        MembershipTableData members;
        try
        {
            members = await table.ReadAllAsync(cancellationToken).WaitAsync(ReadMax, time, cancellationToken);
        }
        catch (Exception e) when (e is RedisClusteringException or RequestFailedException { Status: 404 })
        {
            return ReadOutcome.Lost; // The service answers, and has no list of this cluster.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return ReadOutcome.Unknown; // Orleans logs that the list can't be read.
        }

        bool isSelf = members.Members.Any(m => m.Item1.SiloAddress.Equals(silo.SiloAddress));
        if (!isSelf || new MembershipVersion(members.Version.Version) < before)
        {
            return ReadOutcome.Lost;
        }

        Take(new TableRead(number, members.Members.ToDictionary(m => m.Item1.SiloAddress, m => m.Item1.Status)));
        return ReadOutcome.Member;
    }

    private void Take(TableRead read)
    {
        bool isNews;
        lock (_gate)
        {
            isNews = _asked.Any(a => a.Value < read.Number && a.Value >= _read.Number && read.IsGone(a.Key));
            _read = read;
        }

        if (isNews)
        {
            _changed?.Invoke();
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The list of members does not name this silo ({Count} of {Limit} times until it ends).")]
    private partial void LogLost(int count, int limit);

    private enum ReadOutcome
    {
        Unknown,
        Member,
        Lost,
    }

    /// <summary>What one read of the list has found.</summary>
    /// <param name="Number">Counts reads.</param>
    /// <param name="Silos">The silos and what they are.</param>
    private sealed record TableRead(long Number, Dictionary<SiloAddress, SiloStatus> Silos)
    {
        internal bool IsGone(SiloAddress silo) =>
            !Silos.TryGetValue(silo, out SiloStatus status) || status == SiloStatus.Dead;
    }
}
