using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Files;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded;

/// <summary>Steps of the start of an <see cref="EmbeddedHost"/>.</summary>
internal static class HostStart
{
    /// <summary>Whether an exception is a reason for people why the host can't start.</summary>
    internal static bool IsReason(Exception e) => e is DataDirectoryException or SnapshotStoreException
        or CheckpointCorruptException or EventLogException or IOException or UnauthorizedAccessException
        or ArgumentException;

    /// <summary>Names this process to people, unlike all others: machines in containers may share name and number.
    /// </summary>
    internal static string NameOfProcess(TimeProvider time) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Environment.MachineName}:{Environment.ProcessId}@{time.GetUtcNow().ToUnixTimeMilliseconds()}");

    /// <summary>The number of partitions of a source topic.</summary>
    /// <exception cref="HostStartException">There is no such topic.</exception>
    internal static async ValueTask<int> CountPartitionsAsync(
        IEventLog log, string topic, CancellationToken cancellationToken)
    {
        int partitions = await log.CountPartitionsAsync(topic, cancellationToken);
        return partitions > 0 ? partitions : throw new HostStartException(
            $"There is no topic '{topic}'. Create it, or correct the definition that names it.");
    }

    /// <summary>The engine, with the shards that the opening of the checkpoints has adopted.</summary>
    internal static async ValueTask<(ShardEngine Engine, ShardOpening Opening)> EngineOfAsync(
        EmbeddedHostOptions options,
        HostStores stores,
        ImmutableArray<PartitionProgress> progress,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var positions = new ShardPositions(
            progress, stores.Checkpoints.ShardCount, isOnlyReader: options.Cluster is null);
        var engine = new ShardEngine(
            options.Definitions, options.Metrics, stores.Checkpoints, options.MemoryMaxBytes, positions, time);
        var opening = new ShardOpening(engine, options.Definitions, stores.Log, time);
        ImmutableArray<AdoptedShard> adopted = stores.Checkpoints.Adopted;
        if (!adopted.IsEmpty)
        {
            await opening.OpenAsync(
                adopted,
                [.. progress.Select(p => p.Look)],
                atStart: true,
                cancellationToken);
        }

        return (engine, opening);
    }

    /// <summary>For each topic with ids and several partitions what notices an id that comes on two of them.</summary>
    internal static Dictionary<string, TopicIds> TopicIdsOf(
        DefinitionSet definitions, ImmutableArray<PartitionProgress> progress) =>
        definitions.Events
            .Where(e => e.HasIds && progress.Count(p => p.Partition.Topic == e.Topic) > 1)
            .ToDictionary(e => e.Topic, e => new TopicIds(e.DedupeMs));

    /// <summary>Opens the checkpoints and takes their ownership, if they fit log and definitions.</summary>
    /// <param name="options">Where they are, and whether they are to be forgotten.</param>
    /// <param name="directory">The data directory.</param>
    /// <param name="log">The log.</param>
    /// <param name="sentences">Is told what was done with them.</param>
    /// <param name="platform">Clock and files.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="HostStartException">They do not fit; they are the former owner's still.</exception>
    internal static async ValueTask<CheckpointStore> OpenCheckpointsAsync(
        EmbeddedHostOptions options,
        DataDirectory? directory,
        IEventLog log,
        List<string> sentences,
        HostPlatform platform,
        CancellationToken cancellationToken)
    {
        if (options.Rebuild && options.Snapshots is null && directory is not null)
        {
            sentences.AddRange(PutAside(platform.Files, directory.CheckpointsPath, platform.Time));
        }

        ISnapshotStore store = options.Snapshots is { } place
            ? await place.OpenAsync(cancellationToken)
            : DirectorySnapshotStore.Open(platform.Files, Required(directory).CheckpointsPath, platform.Time);
        if (options.Snapshots is not null)
        {
            sentences.Add($"the checkpoints are in {options.Snapshots.Name}");
            sentences.AddRange(options.Rebuild ? await CopyAsideAsync(store, platform.Time, cancellationToken) : []);
        }

        CheckpointOptions limits = platform.Checkpoints with
        {
            GarbageGrace = options.Snapshots?.GarbageGrace ?? platform.Checkpoints.GarbageGrace,
        };
        ValueTask AcceptAsync(CheckpointManifest manifest) =>
            StateRecovery.CheckAsync(options, log, manifest, platform.Time, cancellationToken);
        string name = $"{Environment.MachineName}:{Environment.ProcessId}";
        return options.Cluster is { } cluster
            ? await CheckpointStore.JoinAsync(
                store, name, cluster.Members.Self, platform.Time, limits, AcceptAsync, cancellationToken)
            : await CheckpointStore.OpenAsync(
                store,
                name,
                platform.Time,
                limits,
                new CheckpointOpening { Forget = options.Rebuild, Accept = AcceptAsync },
                cancellationToken);
    }

    private static DataDirectory Required(DataDirectory? directory) => directory ?? throw new ArgumentException(
        "A host needs a data directory, or a log and checkpoints that are elsewhere.");

    /// <summary>Renames the checkpoints, and says so.</summary>
    internal static List<string> PutAside(IFileSystem files, string checkpoints, TimeProvider time)
    {
        if (!files.DirectoryExists(checkpoints))
        {
            return [];
        }

        string old = checkpoints + ".old-"
            + time.GetUtcNow().ToString("yyyyMMddHHmmssfff", CultureInfo.InvariantCulture);
        files.MoveDirectory(checkpoints, old);
        files.SyncDirectory(Path.GetDirectoryName(checkpoints) ?? checkpoints);
        return [$"the checkpoints were put aside as {old}; state is built from the log again"];
    }

    /// <summary>Copies the checkpoints of a store aside, and says so.</summary>
    private static async ValueTask<string[]> CopyAsideAsync(
        ISnapshotStore store, TimeProvider time, CancellationToken cancellationToken) =>
        await CheckpointArchive.CopyAsync(store, time, cancellationToken) is { } old
            ? [$"the checkpoints were copied aside to {old}/ there; state is built from the log again"]
            : [];

    /// <summary>Opens the log with the topics of the definitions and the dead letters.</summary>
    internal static FileEventLog OpenLog(
        EmbeddedHostOptions options, DataDirectory? directory, HostPlatform platform)
    {
        string path = Required(directory).LogPath;
        Dictionary<string, int> topics = options.Definitions.Topics.ToDictionary(t => t, _ => options.Partitions);
        foreach (OutputDefinition output in options.Definitions.Entities.SelectMany(e => e.Outputs))
        {
            topics[output.Topic] = output.Partitions;
        }

        topics[DeadLetterTopic.Name] = 1;
        return FileEventLog.Open(
            platform.Log with
            {
                Directory = path,
                Topics = topics,
                RetentionTime = options.RetentionTime,
                RetentionBytes = options.RetentionBytes,
                Files = platform.Files,
            },
            platform.Time,
            platform.Loggers.CreateLogger<FileEventLog>());
    }
}
