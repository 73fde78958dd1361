using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded;

/// <summary>What a host has open in its data directory: the directory itself, the log and the checkpoints.</summary>
internal sealed class HostStores : IAsyncDisposable
{
    private HostStores(
        DataDirectory? directory,
        IEventLog log,
        FileEventLog? logFiles,
        CheckpointStore checkpoints,
        IReadOnlyList<string> sentences)
    {
        Directory = directory;
        Log = log;
        LogFiles = logFiles;
        Checkpoints = checkpoints;
        Recovered = sentences;
    }

    /// <summary>The directory; null: log and checkpoints are elsewhere.</summary>
    internal DataDirectory? Directory { get; }

    /// <summary>The log.</summary>
    internal IEventLog Log { get; }

    /// <summary>The same log where it is made of files; null: it is not.</summary>
    internal FileEventLog? LogFiles { get; }

    /// <summary>The checkpoints, with this process as their owner.</summary>
    internal CheckpointStore Checkpoints { get; }

    /// <summary>What was found when they were opened, in sentences.</summary>
    internal IReadOnlyList<string> Recovered { get; }

    /// <summary>Opens all; what was open already is closed again when the rest can't be opened.</summary>
    internal static async Task<HostStores> OpenAsync(
        EmbeddedHostOptions options, HostPlatform platform, CancellationToken cancellationToken)
    {
        DataDirectory? directory = options.Directory ?? (options.DataDirectory.Length == 0
            ? null
            : DataDirectory.Open(platform.Files, options.DataDirectory));
        IEventLog? log = null;
        try
        {
            var sentences = new List<string>();
            log = options.Log is { } open
                ? await open(cancellationToken)
                : HostStart.OpenLog(options, directory, platform);
            var logFiles = log as FileEventLog;
            sentences.AddRange(logFiles?.Recovered ?? []);
            log = platform.AroundLog(log);
            CheckpointStore checkpoints = await HostStart.OpenCheckpointsAsync(
                options, directory, log, sentences, platform, cancellationToken);
            return new HostStores(directory, log, logFiles, checkpoints, [.. sentences, .. checkpoints.Recovered]);
        }
        catch
        {
            await (log?.DisposeAsync() ?? ValueTask.CompletedTask);
            directory?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Checkpoints.DisposeAsync();
        await Log.DisposeAsync();
        Directory?.Dispose();
    }
}
