using ContextGrid.Orleans.Storage;
using ContextGrid.Orleans.Topology;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Definitions;

/// <summary>
/// Lets no silo take part whose definitions are not those of the state in the store, or of the silos that run (I13):
/// what silos send each other names topics, events, fields and features by their indexes.
/// </summary>
/// <remarks>
/// <para>1. Before it joins, a silo compares its definitions with what the store says of them. State that they do not
/// fit is refused. 2. Where only the other words differ, such as derived features, and no other silo lives, it writes
/// its own down; with another silo it is refused. 3. As a member it reads once more: of two that start at once with
/// other definitions, at least one sees the other.</para>
/// </remarks>
internal sealed class DefinitionsGuard(
    SnapshotStores stores,
    SiloOptions options,
    IMembershipTable members,
    ILocalSiloDetails silo,
    TimeProvider time) : IHostedService, ILifecycleParticipant<ISiloLifecycle>
{
    private const string BlobName = StoredDefinitions.BlobName;

    // Three times the interval of the signs of life, and one more.
    private static readonly TimeSpan SilenceMax = 4 * SiloMembers.AliveInterval;

    private readonly StoredDefinitions _own = StoredDefinitions.Of(options.Host.Definitions);

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(DefinitionsGuard), ServiceLifecycleStage.ApplicationServices, CheckAsync);

    /// <summary>Looks once more, as a member.</summary>
    /// <exception cref="HostStartException">Another silo has written other definitions meanwhile.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        ISnapshotStore store = await stores.OpenAsync(cancellationToken);
        SnapshotBlob? blob = await store.GetAsync(BlobName, cancellationToken);
        if (blob is null || StoredDefinitions.Decode(blob.Content.Span) is not { } stored
            || _own.PartsOtherThan(stored) is { Length: > 0 })
        {
            throw new HostStartException(
                $"Another silo with other definitions has started at the same moment on {options.StateName}. Start all "
                + "silos with the same definitions.");
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        ISnapshotStore store = await stores.OpenAsync(cancellationToken);
        while (!await TryAsync(store, cancellationToken))
        {
            // Somebody has written meanwhile, or nobody knows: what stands there now counts.
        }
    }

    private async ValueTask<bool> TryAsync(ISnapshotStore store, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(BlobName, cancellationToken) is not { } blob)
        {
            if ((await store.ListAsync("shards/", cancellationToken)).Count > 0)
            {
                throw new HostStartException(
                    $"The state in {options.StateName} does not say by which definitions it was made. Stop all silos "
                    + "and start them with an empty store of --snapshots; state is then built from the log again.");
            }

            return await PutAsync(store, PutCondition.Absent, _own.Encode(), cancellationToken);
        }

        if (StoredDefinitions.Decode(blob.Content.Span) is not { } stored)
        {
            throw new HostStartException(
                $"What {options.StateName} says of its definitions can't be read by this version. Start a newer one, "
                + "or start all silos with an empty store of --snapshots.");
        }

        if (_own.WhyNot(stored) is { } why)
        {
            throw new HostStartException(
                $"The definitions do not fit the state in {options.StateName}: {why}. Start with the old definitions, "
                + "or stop all silos and start them with an empty store of --snapshots; state is then built from the "
                + "log again.");
        }

        string[] other = _own.PartsOtherThan(stored);
        return other.Length == 0 || await ExchangeAsync(store, blob, other, cancellationToken);
    }

    // A silo joins before it reads the last time, and this one writes before it looks for others: one sees the other.
    private async ValueTask<bool> ExchangeAsync(
        ISnapshotStore store, SnapshotBlob blob, string[] other, CancellationToken cancellationToken)
    {
        await RequireAloneAsync(other, cancellationToken);
        PutResult put = await store.PutAsync(
            BlobName, _own.Encode(), new PutCondition(false, blob.ETag), cancellationToken);
        if (put is not { Outcome: PutOutcome.Done, ETag: { } written })
        {
            return false;
        }

        try
        {
            await RequireAloneAsync(other, cancellationToken);
            return true;
        }
        catch
        {
            await store.PutAsync(BlobName, blob.Content, new PutCondition(false, written), CancellationToken.None);
            throw;
        }
    }

    private static async ValueTask<bool> PutAsync(
        ISnapshotStore store, PutCondition condition, byte[] content, CancellationToken cancellationToken) =>
        (await store.PutAsync(BlobName, content, condition, cancellationToken)).Outcome == PutOutcome.Done;

    private async Task RequireAloneAsync(string[] other, CancellationToken cancellationToken)
    {
        DateTime nowUtc = time.GetUtcNow().UtcDateTime;
        MembershipTableData table = await members.ReadAllAsync(cancellationToken);
        string[] living =
        [
            .. table.Members.Select(m => m.Item1).Where(m => IsAlive(m, nowUtc))
                .Select(m => m.SiloAddress.Endpoint.ToString()).Order(StringComparer.Ordinal),
        ];
        if (living.Length > 0)
        {
            throw new HostStartException(
                $"The definitions are not those of the silos that run ({string.Join(", ", living)}): "
                + $"{string.Join(", ", other)} {(other.Length == 1 ? "differs" : "differ")}. Start with the same "
                + "definitions, or stop all silos and then start them with the new ones.");
        }
    }

    private bool IsAlive(MembershipEntry member, DateTime nowUtc)
    {
        // At this silo's own address it can only have been one before it.
        DateTime lastUtc = member.IAmAliveTime > member.StartTime ? member.IAmAliveTime : member.StartTime;
        return member.Status is SiloStatus.Joining or SiloStatus.Active or SiloStatus.ShuttingDown
            && !member.SiloAddress.Endpoint.Equals(silo.SiloAddress.Endpoint)
            && nowUtc - lastUtc < SilenceMax;
    }
}
