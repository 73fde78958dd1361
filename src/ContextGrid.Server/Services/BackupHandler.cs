using System.Threading.Channels;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Backups;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Services;

/// <summary>AdminService's Backup: a copy of the data directory, and how far it is. Thread-safe.</summary>
/// <param name="backup">Makes it; null: the data is not in this server's hands.</param>
internal sealed class BackupHandler(GridBackup? backup)
{
    internal async ValueTask BackupAsync(
        BackupRequest request, GrpcResponseWriter<BackupResponse> responses, CancellationToken cancellationToken)
    {
        if (backup is null)
        {
            throw new GrpcException(
                GrpcStatus.FailedPrecondition,
                "A silo has no data of its own: back up the topics, and the store that --snapshots names.");
        }

        ContextRequests.Require(request.BytesPerSecondMax >= 0, "bytes_per_second_max", "it must not be negative");

        // A slow caller gets the newest of what it has missed; the copying never waits for it.
        var progress = Channel.CreateBounded<BackupProgress>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        Task<BackupResult> running = RunAsync(backup, request, progress.Writer, cancellationToken);
        try
        {
            await foreach (BackupProgress now in progress.Reader.ReadAllAsync(CancellationToken.None)
                .ConfigureAwait(false))
            {
                await responses.WriteAsync(
                    new BackupResponse { BytesDone = now.BytesDone, BytesTotal = now.BytesTotal })
                    .ConfigureAwait(false);
            }
        }
        finally
        {
            // A caller that is gone has cancelled the backup; the call ends after it.
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        BackupResult result = await running.ConfigureAwait(false);
        await responses.WriteAsync(new BackupResponse
        {
            BytesDone = result.Bytes,
            BytesTotal = result.Bytes,
            Summary = Summary(result),
        }).ConfigureAwait(false);
    }

    private static async Task<BackupResult> RunAsync(
        GridBackup backup,
        BackupRequest request,
        ChannelWriter<BackupProgress> progress,
        CancellationToken cancellationToken)
    {
        try
        {
            return await backup.RunAsync(
                request.To,
                request.BytesPerSecondMax == 0 ? GridBackup.BytesPerSecondDefault : request.BytesPerSecondMax,
                now => progress.TryWrite(now),
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            progress.Complete();
        }
    }

    private static BackupSummary Summary(BackupResult result)
    {
        var summary = new BackupSummary
        {
            Directory = result.Directory,
            CheckpointGeneration = result.Generation,
            Files = result.Files,
            Bytes = result.Bytes,
            DurationMs = (long)result.Elapsed.TotalMilliseconds,
        };
        summary.Partitions.AddRange(result.Ranges.Select(r => new BackupPartition
        {
            Topic = r.Partition.Topic,
            Partition = r.Partition.Partition,
            FirstOffset = r.Range.Start,
            EndOffset = r.Range.End,
        }));
        return summary;
    }
}
