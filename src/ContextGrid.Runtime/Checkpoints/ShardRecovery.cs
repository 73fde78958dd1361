using System.Collections.Immutable;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>Finds the checkpoints that have the state of all shards of a store, as its ownership says.</summary>
/// <param name="Lineages">The lineages of all owners, which the opener has to end.</param>
/// <param name="Bases">The checkpoints, and which shards each has.</param>
/// <param name="Recovered">What was found, in sentences for people.</param>
internal sealed record ShardRecovery(
    ImmutableArray<LineageState> Lineages, ImmutableArray<LoadedBase> Bases, ImmutableArray<string> Recovered)
{
    /// <summary>Reads what there is.</summary>
    /// <param name="store">The store.</param>
    /// <param name="ownership">Who owns what.</param>
    /// <param name="forget">True: the shards begin with nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SnapshotStoreException">The store can't be read, or the state of a shard can't be
    /// used.</exception>
    public static async ValueTask<ShardRecovery> FindAsync(
        ISnapshotStore store, Ownership ownership, bool forget, CancellationToken cancellationToken)
    {
        var recovered = new List<string>();
        var lineages = ImmutableArray.CreateBuilder<LineageState>();
        var shardsOf = new SortedDictionary<long, ShardSet>(); // By lineage.
        for (int i = 0; i < ownership.Shards.Length; i++)
        {
            long owner = ownership.Shards[i].Owner;
            shardsOf[owner] = shardsOf.GetValueOrDefault(owner).With(i);
        }

        // An owner that owns nothing yet is ended too: it must not take itself for a member.
        foreach (ShardOwner owner in ownership.Owners)
        {
            shardsOf.TryAdd(owner.Lineage, ShardSet.Empty);
        }

        foreach ((long lineage, ShardSet shards) in shardsOf.Where(s => s.Key > 0))
        {
            lineages.Add(await LineageState.ReadAsync(
                store, lineage, forget ? ShardSet.Empty : shards, recovered, cancellationToken));
        }

        if (forget)
        {
            recovered.Add(NoCheckpoint);
            LoadedBase nothing = new(CheckpointManifest.Empty, ShardSet.All(ownership.Shards.Length), []);
            return new ShardRecovery(lineages.ToImmutable(), [nothing], [.. recovered]);
        }

        ImmutableArray<LoadedBase> bases;
        try
        {
            bases = await LoadAsync(store, ownership, lineages, cancellationToken);
        }
        catch (CheckpointCorruptException e)
        {
            throw new SnapshotStoreException(
                $"The state can't be used: {string.Join(' ', recovered.Append(e.Message).Distinct())} "
                + "Restore the blobs from a backup, or start with --rebuild to build all state from the log again.",
                e);
        }

        recovered.AddRange(bases.Where(b => b.Manifest.Generation > 0).Select(b => Describe(b.Manifest)));
        if (bases.All(b => b.Manifest.Generation == 0))
        {
            recovered.Add(NoCheckpoint);
        }

        return new ShardRecovery(lineages.ToImmutable(), bases, [.. recovered]);
    }

    private const string NoCheckpoint = "There is no checkpoint yet.";

    /// <summary>One manifest that says what would be adopted: that of the only checkpoint, or the contents of several
    /// merged.</summary>
    /// <param name="epochOf">The epoch that a shard gets.</param>
    public CheckpointManifest Summary(Func<int, long> epochOf)
    {
        LoadedBase newest = Bases.MaxBy(b => b.Manifest.CreatedMs) ?? throw new InvalidOperationException("No shards.");
        return newest.Manifest with
        {
            Content = MergedContent.Of(Bases, epochOf),
            Segments = [.. Bases.SelectMany(b => b.Entries)],
        };
    }

    private static async ValueTask<ImmutableArray<LoadedBase>> LoadAsync(
        ISnapshotStore store,
        Ownership ownership,
        IEnumerable<LineageState> lineages,
        CancellationToken cancellationToken)
    {
        Dictionary<long, LineageState> states = lineages.ToDictionary(l => l.Lineage);
        var shardsOf = new Dictionary<ShardBase, ShardSet>();
        for (int i = 0; i < ownership.Shards.Length; i++)
        {
            ShardRecord record = ownership.Shards[i];
            ShardBase start = record.Owner == 0 ? record.Base : states[record.Owner].BaseOf(i, record);
            shardsOf[start] = shardsOf.GetValueOrDefault(start).With(i);
        }

        var bases = ImmutableArray.CreateBuilder<LoadedBase>();
        foreach ((ShardBase start, ShardSet shards) in
            shardsOf.OrderBy(s => s.Key.Lineage).ThenBy(s => s.Key.Generation))
        {
            LineageState? state = states.GetValueOrDefault(start.Lineage);
            bool isRead = state?.Whole?.Base == start && shards.Except(ownership.ShardsOf(start.Lineage)).IsEmpty;
            bases.Add(isRead && state is { Whole: not null }
                ? new LoadedBase(state.Whole, shards, state.Segments)
                : await LoadedBase.ReadAsync(store, start, shards, cancellationToken));
        }

        return bases.ToImmutable();
    }

    private static string Describe(CheckpointManifest manifest) =>
        $"Checkpoint {manifest.Generation} of owner '{manifest.OwnerId}' (lineage {manifest.Lineage}): "
        + $"{manifest.Segments.Length} {(manifest.Segments.Length == 1 ? "segment" : "segments")}, "
        + $"{manifest.Segments.Sum(s => s.Bytes)} bytes.";
}
