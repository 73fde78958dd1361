namespace ContextGrid.Simulation.Tests.World;

/// <summary>What the seed has chosen for a run.</summary>
internal sealed class SimulationPlan
{
    private static readonly (Faults Fault, double Probability)[] Chances =
    [
        (Faults.Kill, 0.7), (Faults.KillAtWrite, 0.5), (Faults.PowerLoss, 1), (Faults.FlushFails, 0.25),
        (Faults.ReadFails, 0.2), (Faults.ShortReads, 0.5), (Faults.DiskFull, 0.25), (Faults.SlowDisk, 0.25),
        (Faults.BitFlip, 0.4), (Faults.Store, 0.7), (Faults.Takeover, 0.6), (Faults.Retention, 0.3),
        (Faults.Duplicates, 0.6), (Faults.Skew, 0.4), (Faults.Poison, 0.4), (Faults.Slow, 0.4),
    ];

    // Drawn by a random of their own, so that the faults above are those that they were without these.
    private static readonly (Faults Fault, double Probability)[] LogChances =
    [
        (Faults.Markers, 0.5), (Faults.LateEnds, 0.5), (Faults.PausedPartitions, 0.4), (Faults.CutAppends, 0.4),
    ];

    private static readonly (Faults Fault, double Probability)[] ClusterChances =
    [
        (Faults.Network, 0.7), (Faults.Cuts, 0.4), (Faults.FalseDeaths, 0.4), (Faults.Moves, 0.7),
        (Faults.LateMembers, 0.5),
    ];

    public SimulationPlan(SimulationOptions options, Random random)
    {
        IsShared = random.Next(10) < 3 || options.IsCluster;
        foreach ((Faults fault, double probability) in Chances)
        {
            // Drawn whether it is allowed or not, so that a run without one fault is otherwise the same.
            Faults |= random.NextDouble() < probability ? fault & options.Allowed : Faults.None;
        }

        var topology = new Random(unchecked((int)options.Seed * 31));
        foreach ((Faults fault, double probability) in LogChances)
        {
            Faults |= topology.NextDouble() < probability && IsShared ? fault & options.Allowed : Faults.None;
        }

        var cluster = new Random(unchecked((int)options.Seed * 41));
        Processes = options.IsCluster ? cluster.Next(2, 5) : 1;
        foreach ((Faults fault, double probability) in ClusterChances)
        {
            Faults |= cluster.NextDouble() < probability && options.IsCluster ? fault & options.Allowed : Faults.None;
        }

        Faults unfit = IsShared
            ? Faults.KillAtWrite | Faults.FlushFails | Faults.ReadFails | Faults.DiskFull | Faults.SlowDisk
                | Faults.BitFlip | Faults.ShortReads
            : Faults.Store | Faults.Takeover;
        Faults &= ~unfit;
        if (Has(Faults.Retention))
        {
            // A retry whose first try retention has taken is no retry any more, which no oracle could tell from
            // outside; and a copy of a damaged file is of no use when an older checkpoint needs records that are gone.
            Faults &= ~(Faults.Duplicates | Faults.BitFlip);
        }

        Partitions = random.Next(1, 4);
        Publishers = random.Next(1, 4);
        Batches = Math.Max(1, random.Next(5, 25) * options.Actions / 100);
        Reads = random.Next(5, 25) * options.Actions / 100;
        CheckpointInterval = TimeSpan.FromSeconds(random.Next(1, 20));
        MemoryMaxBytes = random.Next(10) < 4 ? 0 : 1L << random.Next(17);
    }

    /// <summary>Whether owners share log and checkpoints as services, as with Kafka and a blob store.</summary>
    public bool IsShared { get; }

    public Faults Faults { get; }

    /// <summary>How many processes share the shards.</summary>
    public int Processes { get; }

    public int Partitions { get; }

    public int Publishers { get; }

    public int Batches { get; }

    public int Reads { get; }

    public TimeSpan CheckpointInterval { get; }

    /// <summary>The budget of resident entities; most take one to ten kilobytes. 0: unlimited.</summary>
    public long MemoryMaxBytes { get; }

    public bool Has(Faults fault) => (Faults & fault) != 0;
}
