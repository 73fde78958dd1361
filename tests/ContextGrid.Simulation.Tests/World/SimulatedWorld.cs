using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Cluster;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.Truth;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>
/// One run's world: machines with disks and clocks, the services that they share, the truth, and the process that
/// serves at present.
/// </summary>
internal sealed class SimulatedWorld
{
    private const string Data = "/data";

    private readonly SimulatedStore _store;
    private readonly SimulatedLog _log;
    private readonly SimulatedDisk _disk;
    private readonly TimeSpan _slow;
    private readonly FileEventLogOptions _logOptions;
    private readonly CheckpointOptions _checkpoints;
    private SimulatedProcess? _current;
    private int _processes;
    private int _killsLeft;

    public SimulatedWorld(SimulationOptions options)
    {
        Truth = new LogTruth(Clock);
        Random = new Random(unchecked((int)(options.Seed ^ (options.Seed >> 32))));
        Plan = new SimulationPlan(options, new Random(Random.Next()));
        Scheduler = new Scheduler(Clock, new Random(Random.Next()));
        Outside = new SimulatedContext(Scheduler, "outside");
        Trace = new Trace(Clock);
        DiskFaults = new DiskFaults(new Random(Random.Next()));
        _disk = new SimulatedDisk(Clock, new Random(Random.Next()), DiskFaults);
        _log = new SimulatedLog(Clock, new Random(Random.Next()), Plan.Partitions, new LogTopology(Plan, options.Seed))
        {
            Appended = (partition, offset, end, record) => Truth.Acknowledge(
                partition, offset, record.TimestampMs, record.Value.ToArray(), record.Headers.ToArray(), end),
        };
        _slow = Plan.Has(Faults.Slow)
            ? TimeSpan.FromMilliseconds(Random.Next(2) == 0 ? 20 : 2_000)
            : TimeSpan.FromMilliseconds(1);
        TimeSpan reads = TimeSpan.FromMilliseconds(50 << Random.Next(3));
        _store = new SimulatedStore(Clock, new Random(Random.Next())) { ReadMax = reads };
        _log.Skew = Plan.Has(Faults.Skew) ? TimeSpan.FromSeconds(Random.Next(-600, 600)) : TimeSpan.Zero;
        _logOptions = new FileEventLogOptions
        {
            Directory = "",
            SegmentBytesMax = 4096,
            SegmentAgeMax = TimeSpan.FromSeconds(Random.Next(2, 60)),
            ReadRecordsMax = Random.Next(1, 30),
            RetentionInterval = TimeSpan.FromSeconds(Random.Next(2, 60)),
        };
        _killsLeft = Random.Next(1, 12);
        _checkpoints = new CheckpointOptions
        {
            SegmentBytesMax = 256 << Random.Next(7),
            SmallSegmentsMax = Random.Next(1, 4),
            ShardCount = 1 << Random.Next(options.IsCluster ? 2 : 0, 6),
        };
        Cluster = options.IsCluster ? new SimulatedCluster(this, new Random(Random.Next())) : null;
    }

    public SimulatedClock Clock { get; } = new();

    public Random Random { get; }

    public SimulationPlan Plan { get; }

    public Scheduler Scheduler { get; }

    /// <summary>Where clients and operators run: it never dies.</summary>
    public SimulatedContext Outside { get; }

    public Trace Trace { get; }

    public DiskFaults DiskFaults { get; }

    public LogTruth Truth { get; }

    /// <summary>Every event that a producer made, by payload.</summary>
    public Dictionary<string, SimulatedEvent> Made { get; } = new(StringComparer.Ordinal);

    /// <summary>When clients learned of an end of the log.</summary>
    public List<(long AtMs, TopicPartition Partition, long End)> KnownEnds { get; } = [];

    public List<RecordedAnswer> Answers { get; } = [];

    public SimulatedStore Store => _store;

    public SimulatedLog SharedLog => _log;

    public SimulatedDisk Disk => _disk;

    /// <summary>The processes that share the shards; null: one has all of them.</summary>
    public SimulatedCluster? Cluster { get; }

    /// <summary>
    /// The process that clients talk to, or one of several; alone it may be starting, dead or paused.
    /// </summary>
    public SimulatedProcess? Current => Cluster is { } several ? several.Any() : _current;

    /// <summary>
    /// Whether the truth knows what an ended process has left in the log; while a file of it is damaged nobody can say.
    /// </summary>
    public bool IsReconciled { get; private set; } = true;

    /// <summary>How much longer than usual something may take without being stuck.</summary>
    public TimeSpan Slack => TimeSpan.FromSeconds(5) + (_slow * 8);

    /// <summary>How long applying or reading is held up at most.</summary>
    public TimeSpan Slow => _slow;

    /// <summary>Whether the process may still be killed: each start takes its time.</summary>
    public bool MayKill => _killsLeft > 0;

    /// <summary>From now on nothing is killed as a fault.</summary>
    public void SpareAll() => _killsLeft = 0;

    /// <summary>Told about every process that starts.</summary>
    public Action<SimulatedProcess>? Started { get; set; }

    /// <summary>The partitions that are consumed.</summary>
    public IEnumerable<TopicPartition> Sources => SimulatedDefinitions.Set.Topics.SelectMany(
        t => Enumerable.Range(0, Plan.Partitions).Select(p => new TopicPartition(t, p)));

    /// <summary>Starts another process and makes it the one that clients talk to.</summary>
    public SimulatedProcess StartProcess()
    {
        int number = ++_processes;
        var context = new SimulatedContext(Scheduler, $"process {number}");
        SimulatedDisk disk = Plan.IsShared
            ? new SimulatedDisk(Clock, new Random(number), new DiskFaults(new Random(number)))
            : _disk;
        var process = new SimulatedProcess(context, number, disk, EndsOfLog);
        DiskFaults.End = MayKill ? () => Kill(process, "at a write", isFault: true) : null;
        Trace.Note($"process {number} starts");
        EmbeddedHostOptions options = Options() with { Cluster = Cluster?.Join(process) };
        process.Start(() => EmbeddedHost.StartAsync(options, Platform(disk), CancellationToken.None));
        _current = process;
        Started?.Invoke(process);
        return process;
    }

    /// <summary>Ends a process where it stands.</summary>
    public void Kill(SimulatedProcess process, string where, bool isFault = false)
    {
        if (!process.Context.IsDead)
        {
            CommitCheck.Run(this, process);
            _killsLeft -= isFault ? 1 : 0;
            Trace.Note($"process {process.Number} is killed {where}");
            process.Kill();
            process.Disk.EndProcess();
            Cluster?.Gone(process);
        }
    }

    /// <summary>Compares the truth with what the disk of a dead process holds.</summary>
    /// <param name="isDamaged">Whether that can't be read at present.</param>
    public void Reconcile(bool isDamaged = false)
    {
        IsReconciled = !isDamaged;
        if (Plan.IsShared || isDamaged)
        {
            return;
        }

        foreach ((TopicPartition partition, long start, IReadOnlyList<TrueRecord> records) in
            LogFiles.Read(_disk, Data + "/log"))
        {
            Truth.Reconcile(partition, start, records);
        }

        foreach (RecordedAnswer answer in Answers)
        {
            AnswerCheck.AgainstLog(answer, Truth);
        }
    }

    /// <summary>Notes that a client knows an end of the log now.</summary>
    public void Know(string topic, IEnumerable<RecordPosition> positions) => KnownEnds.AddRange(
        positions.Select(p => (Clock.NowMs, new TopicPartition(topic, p.Partition), p.Offset + 1)));

    /// <summary>The ends of the log that clients have known for so long that every answer must know them.</summary>
    public ImmutableArray<(TopicPartition Partition, long End)> EndsKnownLongAgo() =>
    [
        .. KnownEnds.Where(k => k.AtMs <= Clock.NowMs - Slack.TotalMilliseconds).GroupBy(k => k.Partition)
            .Select(g => (g.Key, g.Max(k => k.End))),
    ];

    // What a process may have left in the log on the disk is known when nothing runs.
    private Dictionary<TopicPartition, long>? EndsOfLog() => Plan.IsShared || IsReconciled
        ? Sources.ToDictionary(p => p, p => Plan.IsShared ? _log.RangeOf(p).End : Truth.EndOf(p))
        : null;

    /// <summary>Opens the checkpoints when nobody has them, and takes them.</summary>
    public ValueTask<CheckpointStore> OpenCheckpointsAsync() => CheckpointStore.OpenAsync(
        Plan.IsShared ? _store : DirectorySnapshotStore.Open(_disk, Data + "/checkpoints", Clock), "the end", Clock,
        _checkpoints, CancellationToken.None);

    private EmbeddedHostOptions Options() => new()
    {
        Definitions = SimulatedDefinitions.Set,
        DataDirectory = Data,
        Snapshots = Plan.IsShared ? SharedPlace.Of(_store) : null,
        Partitions = Plan.Partitions,
        CheckpointInterval = Plan.CheckpointInterval,
        MemoryMaxBytes = Plan.MemoryMaxBytes,
        Log = Plan.IsShared ? _ => new(_log) : null,
        RetentionBytes = Plan.Has(Faults.Retention) && !Plan.IsShared ? 4096 : 0,
        Metrics = new GridMetrics(),
    };

    /// <summary>The time by the servers' clock, which may be wrong, milliseconds since the Unix epoch.</summary>
    public long ServerNowMs => Clock.NowMs + (long)_log.Skew.TotalMilliseconds;

    private HostPlatform Platform(SimulatedDisk disk) => new(
        new SkewedClock(Clock, _log.Skew), NullLoggerFactory.Instance)
    {
        Files = disk,
        Log = _logOptions,
        Checkpoints = _checkpoints,
        AroundLog = log => Plan.IsShared ? log : new ObservedLog(log, Truth, Clock, Random, _slow),
        AroundGrid = grid => new SlowGrid(grid, Clock, Random, _slow),
    };
}
