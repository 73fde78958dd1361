using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>Where each shard is, as one version of the ownership says. Immutable.</summary>
internal sealed class ShardRoutes
{
    private readonly short[] _destinationOf;

    private ShardRoutes(Ownership ownership, long self)
    {
        (Version, Self) = (ownership.Version, self);
        _destinationOf = new short[ownership.Shards.Length];
        Others = [.. ownership.Owners.Where(o => o.Lineage != self && o.Address.Length > 0)];
        var covered = new ShardSet[Others.Length];
        for (int shard = 0; shard < _destinationOf.Length; shard++)
        {
            long owner = ownership.Shards[shard].Owner;
            int at = -1;
            for (int i = 0; i < Others.Length && at < 0; i++)
            {
                at = Others[i].Lineage == owner ? i : -1;
            }

            _destinationOf[shard] = (short)at;
            Own = owner == self ? Own.With(shard) : Own;
            Unowned += owner == 0 ? 1 : 0;
            if (at >= 0)
            {
                covered[at] = covered[at].With(shard);
            }
        }

        Covered = [.. covered];
    }

    /// <summary>The version of the ownership.</summary>
    internal long Version { get; }

    /// <summary>This process's lineage.</summary>
    internal long Self { get; }

    /// <summary>The shards of this process.</summary>
    internal ShardSet Own { get; private set; }

    /// <summary>How many shards nobody has owned yet.</summary>
    internal int Unowned { get; }

    /// <summary>The other owners, with or without shards.</summary>
    internal ImmutableArray<ShardOwner> Others { get; }

    /// <summary>The shards of each of <see cref="Others"/>.</summary>
    internal ImmutableArray<ShardSet> Covered { get; }

    /// <summary>Reads an ownership.</summary>
    /// <param name="ownership">The ownership.</param>
    /// <param name="self">This process's lineage.</param>
    internal static ShardRoutes Of(Ownership ownership, long self) => new(ownership, self);

    /// <summary>The place of a shard's owner in <see cref="Others"/>; −1: it is this process or nobody.</summary>
    internal int DestinationOf(int shard) => _destinationOf[shard];
}
