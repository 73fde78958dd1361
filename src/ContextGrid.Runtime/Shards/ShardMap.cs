using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// Assigns entities to shards: the murmur2 hash of the key, modulo the number of shards, for every entity type. Kafka's
/// default partitioner uses the same hash. Where the number of shards is a multiple of a topic's partitions and records
/// are keyed by the entity's key, all events of a shard come from one partition (shard modulo partitions), so an entity
/// and its partition can be on one silo. Otherwise a shard takes events from several partitions, and nothing else
/// differs.
/// </summary>
public static class ShardMap
{
    /// <summary>The number of shards of a new store: a multiple of the usual partition counts, and enough to spread a
    /// store evenly over dozens of owners.</summary>
    public const int CountDefault = 256;

    /// <summary>The most shards of a store; a set of shards is 32 bytes.</summary>
    public const int CountMax = 256;

    /// <summary>The shard of an entity.</summary>
    /// <param name="key">The key's UTF-8.</param>
    /// <param name="count">The store's number of shards, 1 to <see cref="CountMax"/>.</param>
    /// <returns>From 0.</returns>
    public static int ShardOf(ReadOnlySpan<byte> key, int count) => (Murmur2.Hash(key) & 0x7fffffff) % count;
}
