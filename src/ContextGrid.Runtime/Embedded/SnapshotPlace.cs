using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Embedded;

/// <summary>Where an embedded host has its checkpoints when they are not in its data directory.</summary>
public sealed record SnapshotPlace
{
    /// <summary>Names the place to people, in the output and in the status; without secrets.</summary>
    public required string Name { get; init; }

    /// <summary>Opens the store, once a start. It throws <see cref="SnapshotStoreException"/> when it can't be used.
    /// </summary>
    public required Func<CancellationToken, ValueTask<ISnapshotStore>> OpenAsync { get; init; }

    /// <summary>So long segments stay after the last manifest that names them, for other processes that read them;
    /// default one hour.</summary>
    public TimeSpan GarbageGrace { get; init; } = TimeSpan.FromHours(1);
}
