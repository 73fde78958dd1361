using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// Brings a grid back: positions from the manifest of the newest checkpoint, the rest from the log. Entities stay in
/// the checkpoint until an event or a query wants them.
/// </summary>
internal static class StateRecovery
{
    /// <summary>The hash of each entity type's state.</summary>
    internal static ImmutableSortedDictionary<string, ulong> HashesOf(DefinitionSet definitions) =>
        definitions.Entities.ToImmutableSortedDictionary(
            e => e.Name, e => DefinitionHash.OfState(definitions, e), StringComparer.Ordinal);

    /// <summary>Refuses a checkpoint that other definitions or another log have left behind.</summary>
    /// <exception cref="HostStartException">Says why, and what to do.</exception>
    internal static async ValueTask CheckAsync(
        EmbeddedHostOptions options,
        IEventLog log,
        CheckpointManifest manifest,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        CheckDefinitions(manifest, HashesOf(options.Definitions), options.Snapshots?.Name ?? options.DataDirectory);
        await ProgressAsync(log, options.Definitions, manifest, time, cancellationToken);
    }

    /// <summary>Refuses state that other definitions have left behind.</summary>
    /// <exception cref="HostStartException">Names the types and what to do.</exception>
    private static void CheckDefinitions(
        CheckpointManifest manifest, ImmutableSortedDictionary<string, ulong> hashes, string directory)
    {
        if (manifest.Content.Sources.IsEmpty)
        {
            return;
        }

        ImmutableSortedDictionary<string, ulong> stored = manifest.Content.DefinitionHashes;
        string[] changed =
        [
            .. hashes.Where(h => !stored.ContainsKey(h.Key)).Select(h => $"entity '{h.Key}' is new"),
            .. hashes.Where(h => stored.TryGetValue(h.Key, out ulong hash) && hash != h.Value)
                .Select(h => $"entity '{h.Key}' has other events or features, or was built by an older version"),
        ];
        if (changed.Length > 0)
        {
            throw new HostStartException(
                $"The definitions do not fit the state in '{directory}': {string.Join("; ", changed)}. "
                + "Start with --rebuild to build all state from the log again, with the old definitions, or with "
                + "another --data directory.");
        }
    }

    /// <summary>Says how many entities the newest checkpoint has; each comes back when it is wanted.</summary>
    internal static IEnumerable<string> Describe(ShardEngine grid)
    {
        long entities = 0;
        for (int i = 0; i < grid.Plans.Length; i++)
        {
            entities += grid.CountEntities(i);
        }

        return entities == 0 ? [] :
        [
            string.Create(
                CultureInfo.InvariantCulture,
                $"{entities:N0} {(entities == 1 ? "entity" : "entities")} in the checkpoint, each read when wanted"),
        ];
    }

    /// <summary>
    /// The progress of every source partition: where the checkpoint says, else where the definition says.
    /// </summary>
    /// <exception cref="HostStartException">The log ends before the checkpoint's position.</exception>
    internal static async ValueTask<ImmutableArray<PartitionProgress>> ProgressAsync(
        IEventLog log,
        DefinitionSet definitions,
        CheckpointManifest manifest,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var progress = ImmutableArray.CreateBuilder<PartitionProgress>();
        Dictionary<TopicPartition, RecordMark> marks = RecordMark.Of(manifest.Content.Counters);
        for (int t = 0; t < definitions.Topics.Length; t++)
        {
            string topic = definitions.Topics[t];
            EventDefinition definition = definitions.Events[definitions.EventOf(topic)];
            bool hasBegun = manifest.Content.Sources.Any(s => s.Topic == topic);
            int partitions = await HostStart.CountPartitionsAsync(log, topic, cancellationToken);
            for (int p = 0; p < partitions; p++)
            {
                var partition = new TopicPartition(topic, p);
                SourceProgress? stored =
                    manifest.Content.Sources.FirstOrDefault(s => s.Topic == topic && s.Partition == p);

                // What a partition has that was added later came after state began.
                long start = stored is not null ? LogStart.Of(manifest.Content.Counters, partition)
                    : hasBegun && definition.Start == EventStart.Latest ? 0
                    : await LogStart.FindAsync(log, definition, partition, cancellationToken);
                PartitionProgress found = await ProgressAsync(
                    log, partition, Position.SourceOf(t, p), stored, start, time, cancellationToken);
                found.Mark = marks.TryGetValue(partition, out RecordMark mark) ? mark : null;
                progress.Add(found);
            }
        }

        return progress.ToImmutable();
    }

    private static async ValueTask<PartitionProgress> ProgressAsync(
        IEventLog log,
        TopicPartition partition,
        int source,
        SourceProgress? stored,
        long start,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        LogRange range = await log.GetRangeAsync(partition, cancellationToken);
        long next = stored?.NextOffset ?? start;
        if (next > range.End && !log.GoesOnWhenReplaced(partition.Topic))
        {
            throw new HostStartException(
                $"The log of {partition.Topic}/{partition.Partition} ends at offset {range.End}, but the checkpoint "
                + $"reflects it up to {next}: the log was lost or replaced. Restore it, or start with --rebuild to "
                + "forget the checkpoint.");
        }

        var found = new PartitionProgress(partition, source, next, stored?.Gaps ?? [])
        {
            RecoverTo = range.End, StartOffset = start,
        };

        // Until they are applied, the records that wait make every answer as old as the first of them.
        long sinceMs = await log.WaitingSinceAsync(partition, next, range.End, time, cancellationToken);
        found.SeeEnd(range.End, sinceMs);
        found.Verify(nowMs);
        if (next > range.End)
        {
            ReplacedLog.Declare(found);
        }

        return found;
    }
}
