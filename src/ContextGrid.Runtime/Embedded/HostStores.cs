using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded.Log;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded;

/// <summary>What a host has open in its data directory: the directory itself, the log and the checkpoints.</summary>
internal sealed class HostStores : IAsyncDisposable
{
    private readonly DataDirectory _directory;

    private HostStores(
        DataDirectory directory, FileEventLog log, CheckpointStore checkpoints, IReadOnlyList<string> sentences)
    {
        _directory = directory;
        Log = log;
        Checkpoints = checkpoints;
        Recovered = [.. sentences, .. log.Recovered, .. checkpoints.Recovered];
    }

    /// <summary>The log.</summary>
    internal FileEventLog Log { get; }

    /// <summary>The checkpoints, with this process as their owner.</summary>
    internal CheckpointStore Checkpoints { get; }

    /// <summary>What was found when they were opened, in sentences.</summary>
    internal IReadOnlyList<string> Recovered { get; }

    /// <summary>Opens all; what was open already is closed again when the rest can't be opened.</summary>
    internal static async Task<HostStores> OpenAsync(
        EmbeddedHostOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        DataDirectory directory = DataDirectory.Open(options.DataDirectory);
        FileEventLog? log = null;
        try
        {
            log = HostStart.OpenLog(options, directory.LogPath, time, loggers);
            List<string> aside = options.Rebuild ? HostStart.PutAside(directory.CheckpointsPath, time) : [];
            CheckpointStore checkpoints = await CheckpointStore.OpenAsync(
                DirectorySnapshotStore.Open(directory.CheckpointsPath, time),
                $"{Environment.MachineName}:{Environment.ProcessId}",
                time,
                cancellationToken);
            return new HostStores(directory, log, checkpoints, aside);
        }
        catch
        {
            await (log?.DisposeAsync() ?? ValueTask.CompletedTask);
            directory.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Checkpoints.DisposeAsync();
        await Log.DisposeAsync();
        _directory.Dispose();
    }
}
