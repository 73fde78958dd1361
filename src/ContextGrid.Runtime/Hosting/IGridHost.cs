using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Hosting;

/// <summary>
/// What a server serves: a grid with its sources, in one process (<c>EmbeddedHost</c>) or as one silo of a cluster
/// (<c>SiloHost</c>). Disposing stops it in order, so that nothing is lost. All members are thread-safe.
/// </summary>
public interface IGridHost : IAsyncDisposable
{
    /// <summary>The definitions in force.</summary>
    DefinitionSet Definitions { get; }

    /// <summary>The entities.</summary>
    IContextGrid Grid { get; }

    /// <summary>The counters.</summary>
    GridMetrics Metrics { get; }

    /// <summary>Every source partition, in order of topic and partition.</summary>
    ImmutableArray<PartitionProgress> Progress { get; }

    /// <summary>Answers queries.</summary>
    ContextReader Reader { get; }

    /// <summary>Takes events.</summary>
    EventPublisher Publisher { get; }

    /// <summary>Looks dead letters up, retries and discards them.</summary>
    DeadLetterService DeadLetters { get; }

    /// <summary>Copies all data while the host runs; null: the data is not in this process's hands.</summary>
    GridBackup? Backup { get; }

    /// <summary>Rebuilds entities beside the live ones; null: that needs a cluster.</summary>
    IGridReplays? Replays { get; }

    /// <summary>Ends with an exception when the host can't go on: somebody else has taken its place.</summary>
    Task Failed { get; }

    /// <summary>Whether it can answer now.</summary>
    /// <param name="nowMs">The present time, milliseconds since the Unix epoch.</param>
    /// <returns>Why it can't, or null.</returns>
    string? WhyNotReady(long nowMs);

    /// <summary>How it is, for people; put together when it is asked for.</summary>
    HostState State { get; }
}
