namespace ContextGrid.Simulation.Tests.World;

/// <summary>
/// The legal faults. Each is in a run with the probability that stands behind it; how often it then happens is drawn
/// for the run. Whatever else goes wrong is a bug.
/// </summary>
[Flags]
internal enum Faults
{
    None = 0,

    /// <summary>The process ends between any two steps (0.7).</summary>
    Kill = 1,

    /// <summary>The process ends at any write, flush, link, rename, delete or sync of a directory (0.5).</summary>
    KillAtWrite = 1 << 1,

    /// <summary>
    /// The machine loses its power with the process: of what was not flushed or synced any part is lost, torn at
    /// sectors, and out of order (0.6 of all ends).
    /// </summary>
    PowerLoss = 1 << 2,

    /// <summary>A flush, a directory's sync or a delete fails; what a flush should have kept is gone (0.25).</summary>
    FlushFails = 1 << 3,

    /// <summary>Reads fail now and then (0.2).</summary>
    ReadFails = 1 << 4,

    /// <summary>Reads bring fewer bytes than asked for (0.5).</summary>
    ShortReads = 1 << 5,

    /// <summary>The disk is full for a while (0.25).</summary>
    DiskFull = 1 << 6,

    /// <summary>Flushes take seconds for a while (0.25).</summary>
    SlowDisk = 1 << 7,

    /// <summary>
    /// A bit changes in a file that is not being written: it must be detected, and a copy is restored then (0.4).
    /// </summary>
    BitFlip = 1 << 8,

    /// <summary>
    /// Calls of the blob store and of a shared log fail, or succeed although the caller saw a time-out (0.7 there).
    /// </summary>
    Store = 1 << 9,

    /// <summary>An owner is paused, another takes over, and the first wakes up (0.6 with a shared log).</summary>
    Takeover = 1 << 10,

    /// <summary>Retention removes records, also unread ones (0.3).</summary>
    Retention = 1 << 11,

    /// <summary>Producers retry what they do not know the outcome of, and now and then what they know (0.6).</summary>
    Duplicates = 1 << 12,

    /// <summary>Producers' and servers' clocks are wrong by minutes (0.4).</summary>
    Skew = 1 << 13,

    /// <summary>Records that can't be applied, put into the log by others (0.4).</summary>
    Poison = 1 << 14,

    /// <summary>Applying and reading are held up, by up to seconds (0.4).</summary>
    Slow = 1 << 15,

    /// <summary>
    /// Offsets behind the last record hold none, as the markers of transactions and compaction leave them (0.5 with a
    /// shared log).
    /// </summary>
    Markers = 1 << 16,

    /// <summary>
    /// The end of a partition is looked at once a second, so while records come it is seen late (0.5 with a shared
    /// log).
    /// </summary>
    LateEnds = 1 << 17,

    /// <summary>
    /// A partition can't be fetched for up to a minute, while it is written to (0.4 with a shared log).
    /// </summary>
    PausedPartitions = 1 << 18,

    /// <summary>
    /// An append breaks off: the first of its records are there, and the caller sees a failure (0.4 with a shared log).
    /// </summary>
    CutAppends = 1 << 19,

    /// <summary>
    /// Messages between processes are lost on their way there or back, come twice, or come when their sender has given
    /// up (0.7 with several processes).
    /// </summary>
    Network = 1 << 20,

    /// <summary>Two processes do not reach each other for a while (0.4 with several processes).</summary>
    Cuts = 1 << 21,

    /// <summary>
    /// A process is called dead while it runs, and ends itself only later (0.4 with several processes).
    /// </summary>
    FalseDeaths = 1 << 22,

    /// <summary>Processes join, and leave after they have given their shards away (0.7 with several).</summary>
    Moves = 1 << 23,

    /// <summary>Every process sees members come and go seconds late (0.5 with several processes).</summary>
    LateMembers = 1 << 24,

    All = (1 << 25) - 1,
}
