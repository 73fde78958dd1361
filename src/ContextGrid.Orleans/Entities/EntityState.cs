using Orleans;

namespace ContextGrid.Orleans.Entities;

/// <summary>What is kept of an entity in grain storage. Fields are added, never changed.</summary>
[GenerateSerializer]
[Alias("ContextGrid.EntityState")]
public sealed class EntityState
{
    /// <summary>The snapshot, as docs/STORAGE.md describes it; empty: the entity has seen nothing; null, never stored:
    /// it has to be read.</summary>
    [Id(0)]
    public byte[]? Snapshot { get; set; } = [];

    /// <summary>The hash of the definitions that made the snapshot
    /// (<see cref="Core.Definitions.DefinitionHash.OfState"/>); 0: it is not known.</summary>
    [Id(1)]
    public ulong Definitions { get; set; }
}
