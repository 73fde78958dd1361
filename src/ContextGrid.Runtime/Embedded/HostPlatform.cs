using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Files;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// What an embedded host stands on: in the product this machine, in a simulation what the simulation makes of it.
/// </summary>
/// <param name="Time">The clock, for times and for timers.</param>
/// <param name="Loggers">Make the loggers.</param>
internal sealed record HostPlatform(TimeProvider Time, ILoggerFactory Loggers)
{
    /// <summary>Where the data directory is.</summary>
    public IFileSystem Files { get; init; } = DiskFileSystem.Instance;

    /// <summary>The sizes and waits of the log; directory, topics and retention come from the host's options.</summary>
    public FileEventLogOptions Log { get; init; } = new() { Directory = "" };

    /// <summary>The sizes of the checkpoints.</summary>
    public CheckpointOptions Checkpoints { get; init; } = new();

    /// <summary>Stands between the log and those who use it.</summary>
    public Func<IEventLog, IEventLog> AroundLog { get; init; } = log => log;

    /// <summary>Stands between the grid and those who use it.</summary>
    public Func<IContextGrid, IContextGrid> AroundGrid { get; init; } = grid => grid;
}
