using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Outputs;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Replay;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// The embedded host: log, grid, ingestion and checkpoints of one data directory, in one process. Owns every task that
/// it starts, and awaits them when it stops.
/// </summary>
public sealed partial class EmbeddedHost : IGridHost
{
    private readonly HostStores _stores;
    private readonly Checkpointer _checkpointer;
    private readonly ITopology _topology;
    private readonly TimeSpan _leaveMax;
    private readonly PastReader _past;
    private readonly CheckpointScrub _scrub;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _tasks = [];
    private bool _stopped;

    private EmbeddedHost(
        EmbeddedHostOptions options,
        HostStores stores,
        ShardEngine grid,
        ShardOpening opening,
        ImmutableArray<PartitionProgress> progress,
        HostPlatform platform)
    {
        (IEventLog log, TimeProvider time, ILoggerFactory loggers) = (stores.Log, platform.Time, platform.Loggers);
        (_stores, Definitions, Grid, Metrics, Progress) =
            (stores, options.Definitions, grid, options.Metrics, progress);
        (ILogger logger, _leaveMax) = (loggers.CreateLogger<EmbeddedHost>(), options.Cluster?.LeaveMax ?? default);
        var sink = new DeadLetterTopic(log, time);
        var validator = new EventValidator(Definitions, options.Decoders);
        var ingestion = new HostIngestion(options, log, sink, progress, time, logger);
        var shards = new HostShards(options, stores, grid, opening, ingestion, platform.AroundGrid(grid), time, logger);
        _past = new PastReader(log, grid.Plans, progress, options.Decoders);
        Reader = new ContextReader(shards.Grid, _past, progress, time);
        var sources = new OutputSources(Reader, progress, log, stores.Checkpoints, time);
        Outputs = new GridOutputs(grid, sources, options.OutputEncoders, Metrics.Meter, logger);
        _checkpointer = new Checkpointer(
            grid, stores.Checkpoints, progress, StateRecovery.HashesOf(Definitions), Metrics, time, logger, Outputs);
        _topology = shards.TopologyOf(_checkpointer);
        _scrub = stores.Checkpoints.Scrub(logger);
        Publisher = new EventPublisher(log, sink, validator, Metrics, ingestion.Verdicts, time);
        DeadLetters = new DeadLetterService(
            log, validator, progress, ingestion.Verdicts, HostStart.NameOfProcess(time), Metrics.Meter, time);
        Backup = new GridBackup(stores, _checkpointer.CheckpointAsync, new BackupMetrics(Metrics.Meter), platform);
    }

    /// <inheritdoc/>
    public DefinitionSet Definitions { get; }

    /// <summary>The entities.</summary>
    public ShardEngine Grid { get; }

    IContextGrid IGridHost.Grid => _topology.Grid;
    IGridReplays? IGridHost.Replays => null;

    /// <inheritdoc/>
    public GridMetrics Metrics { get; }

    /// <inheritdoc/>
    public ImmutableArray<PartitionProgress> Progress { get; }

    /// <inheritdoc/>
    public ContextReader Reader { get; }

    /// <inheritdoc/>
    public EventPublisher Publisher { get; }

    /// <summary>Where the events are.</summary>
    internal IEventLog Log => _stores.Log;

    /// <inheritdoc/>
    public DeadLetterService DeadLetters { get; }

    /// <summary>Writes features to topics.</summary>
    public GridOutputs Outputs { get; }

    /// <inheritdoc/>
    public GridBackup Backup { get; }

    /// <summary>What was found at the start, in sentences.</summary>
    public IReadOnlyList<string> Recovered { get; private set; } = [];

    /// <summary>What operators should know of the sources, in sentences.</summary>
    internal IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>Who has which shards.</summary>
    internal ITopology Topology => _topology;

    /// <summary>The newest durable checkpoint.</summary>
    public CheckpointManifest Checkpoint => _checkpointer.Current;

    /// <inheritdoc/>
    public Task Failed { get; private set; } = Task.CompletedTask;

    /// <summary>Opens the data directory, brings the state back, and starts ingestion and checkpoints.</summary>
    /// <exception cref="HostStartException">It can't start; the message is one line for people.</exception>
    public static Task<EmbeddedHost> StartAsync(
        EmbeddedHostOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        StartAsync(options, new HostPlatform(time, loggers), cancellationToken);

    internal static async Task<EmbeddedHost> StartAsync(
        EmbeddedHostOptions options, HostPlatform platform, CancellationToken cancellationToken)
    {
        HostStores? stores = null;
        try
        {
            stores = await HostStores.OpenAsync(options, platform, cancellationToken);
            return await StartAsync(options, stores, platform, cancellationToken);
        }
        catch (Exception e)
        {
            await (stores?.DisposeAsync() ?? ValueTask.CompletedTask);
            if (HostStart.IsReason(e))
            {
                throw new HostStartException(e.Message.ReplaceLineEndings(" "), e);
            }

            throw;
        }
    }

    /// <summary>Whether every source is caught up within the smallest freshness objective.</summary>
    /// <inheritdoc/>
    public string? WhyNotReady(long nowMs) =>
        SourceReadiness.WhyNot(Definitions, Sources, nowMs) ?? _topology.WhyNotReady ?? Log.Incomplete
        ?? (_stopped ? "stopping" : null);

    private IEnumerable<(PartitionProgress Progress, string? Fault)> Sources
    {
        get
        {
            Dictionary<TopicPartition, string?> faults = _topology.Readers.ToDictionary(r => r.Partition, r => r.Fault);
            return Progress.Select(p => (p, faults.GetValueOrDefault(p.Partition)));
        }
    }

    /// <inheritdoc/>
    public HostState State => EmbeddedState.Of(this, _scrub);

    /// <summary>Why the last checkpoint failed; null: it did not.</summary>
    public string? CheckpointFault => _checkpointer.Fault;

    /// <summary>Stops taking events in, makes a last checkpoint, and closes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        await (Failed.IsFaulted ? Task.CompletedTask : _topology.LeaveAsync(_leaveMax));
        await EndAsync(hasCheckpoint: true);
    }

    /// <summary>Ends as a process that is killed: without a last checkpoint, and without a word to others.</summary>
    internal async Task AbandonAsync()
    {
        _stopped = true;
        await EndAsync(hasCheckpoint: false);
    }

    private async Task EndAsync(bool hasCheckpoint)
    {
        _stopping.Cancel();
        await Task.WhenAny(Task.WhenAll(_tasks));
        try
        {
            if (hasCheckpoint && !Failed.IsFaulted)
            {
                await _checkpointer.CheckpointAsync(CancellationToken.None);
            }
        }
        catch (Exception e) when (e is SnapshotStoreException or OwnerFencedException)
        {
            // What is not in a checkpoint is in the log: the next start reads it from there. The fault is counted.
        }
        finally
        {
            await _stores.DisposeAsync();
            _past.Dispose();
            Metrics.Dispose();
            _stopping.Dispose();
        }
    }

    private static async Task<EmbeddedHost> StartAsync(
        EmbeddedHostOptions options, HostStores stores, HostPlatform platform, CancellationToken cancellationToken)
    {
        ImmutableArray<PartitionProgress> progress = await StateRecovery.ProgressAsync(
            stores.Log, options.Definitions, stores.Checkpoints.Current, platform.Time, cancellationToken);
        (ShardEngine grid, ShardOpening opening) = await HostStart.EngineOfAsync(
            options, stores, progress, platform.Time, cancellationToken);
        var host = new EmbeddedHost(options, stores, grid, opening, progress, platform);
        host.Recovered =
        [
            .. stores.Recovered, .. StateRecovery.Describe(grid), .. LogStart.Describe(progress),
            .. RebuildNote(options, stores.Log), SourceReadiness.Backlog(progress),
        ];
        host.Notes = [.. CompactedTopics.Describe(options.Definitions, stores.Log.Compacted)];
        host.Notes.ToList().ForEach(n => LogNote(platform.Loggers.CreateLogger<EmbeddedHost>(), n));
        await stores.Log.CreateMissingAsync(cancellationToken);
        if (progress.Any(p => p.StartOffset != LogStart.Of(host.Checkpoint.Content.Counters, p.Partition)))
        {
            // Another start must not begin elsewhere.
            await host._checkpointer.CheckpointAsync(cancellationToken);
        }

        host.Begin(options.CheckpointInterval);
        return host;
    }

    private static IEnumerable<string> RebuildNote(EmbeddedHostOptions options, IEventLog log) =>
        options.Rebuild && CompactedTopics.OfRebuild(options.Definitions, log.Compacted) is { } note ? [note] : [];

    [LoggerMessage(LogLevel.Warning, "{Note}")]
    private static partial void LogNote(ILogger logger, string note);

    private void Begin(TimeSpan checkpointInterval)
    {
        Task shards = _topology.RunAsync(_stopping.Token);
        Task checkpoints = _checkpointer.RunAsync(checkpointInterval, _stopping.Token);
        _tasks.AddRange(
        [
            shards, checkpoints, BackgroundTask.StartAsync(_scrub.RunAsync, _stopping.Token),
            BackgroundTask.StartAsync(
                token => Outputs.RunAsync(_checkpointer.CheckpointAsync, token), _stopping.Token),
        ]);
        Failed = FirstFailureAsync(shards, checkpoints);
    }

    private static async Task FirstFailureAsync(Task a, Task b)
    {
        await await Task.WhenAny(a, b);
        await Task.WhenAll(a, b);
    }
}
