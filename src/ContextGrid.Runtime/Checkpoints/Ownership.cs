using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Who owns which shard of a store: one blob that is only ever replaced by compare-and-swap. It is written when
/// ownership moves and at no other time. Immutable.
/// </summary>
internal sealed record Ownership
{
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
internal sealed record ShardRecord(long Epoch, long Owner, ShardBase Base, long MovedIn);

/// <summary>A manifest that has a shard's state.</summary>
/// <param name="Lineage">Whose; 0: the shard begins empty.</param>
/// <param name="Generation">Which.</param>
internal readonly record struct ShardBase(long Lineage, long Generation);
