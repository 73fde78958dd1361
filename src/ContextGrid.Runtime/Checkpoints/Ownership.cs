using System.Collections.Immutable;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Who owns which shard of a store: one blob that is only ever replaced by compare-and-swap. It is written when
/// ownership moves and at no other time. Immutable.
/// </summary>
internal sealed record Ownership
{
    /// <summary>The name of the blob.</summary>
    internal const string BlobName = "ownership";

    /// <summary>Random, chosen when the store was made: tells two stores of one name apart.</summary>
    public required Guid Incarnation { get; init; }

    /// <summary>From 1; every write takes the next one.</summary>
    public required long Version { get; init; }

    /// <summary>How many lineages were begun; the newest has this number.</summary>
    public required long LineagesUsed { get; init; }

    /// <summary>The owners that are not known to be gone, by lineage.</summary>
    public required ImmutableArray<ShardOwner> Owners { get; init; }

    /// <summary>One record a shard; as many as the store has shards.</summary>
    public required ImmutableArray<ShardRecord> Shards { get; init; }

    /// <summary>That of a store in which nothing has been written yet.</summary>
    /// <param name="shards">How many shards it is to have.</param>
    internal static Ownership OfNewStore(int shards) => new()
    {
        Incarnation = Guid.NewGuid(),
        Version = 0,
        LineagesUsed = 0,
        Owners = [],
        Shards = [.. Enumerable.Repeat(new ShardRecord(0, 0, default, 0, IsLost: false), shards)],
    };

    /// <summary>The shards of a lineage; of 0: those that nobody owns.</summary>
    internal ShardSet ShardsOf(long lineage)
    {
        ShardSet shards = default;
        for (int i = 0; i < Shards.Length; i++)
        {
            shards = Shards[i].Owner == lineage ? shards.With(i) : shards;
        }

        return shards;
    }

    /// <summary>Whether a lineage is listed among the owners.</summary>
    internal bool HasOwner(long lineage) => Owners.Any(o => o.Lineage == lineage);

    /// <summary>Whether a lineage may still own something: it is listed, or owns shards.</summary>
    internal bool IsLive(long lineage) =>
        lineage > 0 && (HasOwner(lineage) || Shards.Any(s => s.Owner == lineage));

    /// <summary>The next version, with some shards moved. Owners that thereby have lost their last shard to another
    /// one stay listed; see <see cref="Without"/>.</summary>
    /// <param name="moves">For each shard, who owns it from now on and what it begins with.</param>
    internal Ownership Moved(IReadOnlyDictionary<int, ShardMove> moves)
    {
        ImmutableArray<ShardRecord>.Builder shards = Shards.ToBuilder();
        foreach ((int shard, ShardMove move) in moves)
        {
            shards[shard] = new ShardRecord(
                shards[shard].Epoch + 1, move.Owner, move.Base, Version + 1, move.IsLost);
        }

        return this with { Version = Version + 1, Shards = shards.ToImmutable() };
    }

    /// <summary>The same without owners that are gone; those that still own shards stay.</summary>
    internal Ownership Without(IReadOnlyCollection<long> lineages) => this with
    {
        Owners = [.. Owners.Where(o => !lineages.Contains(o.Lineage) || !ShardsOf(o.Lineage).IsEmpty)],
    };
}

/// <summary>One incarnation of a process that owns shards, or is ready to.</summary>
/// <param name="Lineage">The number of its manifests and segments; no two incarnations have the same.</param>
/// <param name="Address">Where it is reached, as its topology says; empty: nowhere.</param>
/// <param name="Name">Names it to people.</param>
internal sealed record ShardOwner(long Lineage, string Address, string Name);

/// <summary>The ownership of one shard.</summary>
/// <param name="Epoch">Grows by one with every change; 0: nobody has owned the shard yet.</param>
/// <param name="Owner">The owner's lineage; 0: nobody.</param>
/// <param name="Base">The checkpoint that the owner began with, until its own manifest names the shard.</param>
/// <param name="MovedIn">The version of the ownership in which the shard moved last.</param>
/// <param name="IsLost">Whether answers may have reflected more than the base has: the last owner did not give the
/// shard, or gave it before it had brought it back. The owner says that it is rebuilding until it has caught up.
/// </param>
internal sealed record ShardRecord(long Epoch, long Owner, ShardBase Base, long MovedIn, bool IsLost);

/// <summary>What becomes of a shard.</summary>
/// <param name="Owner">Who owns it from now on.</param>
/// <param name="Base">What the owner begins with.</param>
/// <param name="IsLost">As in <see cref="ShardRecord"/>.</param>
internal readonly record struct ShardMove(long Owner, ShardBase Base, bool IsLost);

/// <summary>A manifest that has a shard's state.</summary>
/// <param name="Lineage">Whose; 0: the shard begins empty.</param>
/// <param name="Generation">Which.</param>
internal readonly record struct ShardBase(long Lineage, long Generation);
