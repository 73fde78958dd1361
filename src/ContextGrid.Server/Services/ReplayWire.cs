using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Hosting;
using ReplayPartition = ContextGrid.Contracts.V1.ReplayPartition;
using ReplayPhase = ContextGrid.Contracts.V1.ReplayPhase;

namespace ContextGrid.Server.Services;

/// <summary>Replays as messages of the contract.</summary>
internal static class ReplayWire
{
    /// <summary>The message of a replay.</summary>
    internal static Replay Replay(ReplayStatus status)
    {
        ReplayRequest request = status.Request;
        var replay = new Replay
        {
            Id = status.Id,
            Type = request.Type,
            Version = request.Version,
            Phase = (ReplayPhase)((int)status.Phase + 1), // Both count in the same order, the message from 1.
            Events = status.Events,
            Skipped = status.Skipped,
            Fault = status.Fault ?? "",
            Silo = status.Silo,
        };
        if (status.StartedMs is { } started)
        {
            replay.StartedMs = started;
        }

        if (status.EndedMs is { } ended)
        {
            replay.EndedMs = ended;
        }

        if (request.Key is not null)
        {
            replay.Key = request.Key;
        }

        if (request.From is not null)
        {
            replay.FromKey = request.From;
        }

        if (request.To is not null)
        {
            replay.ToKey = request.To;
        }

        replay.Partitions.AddRange(status.Partitions.Select(Partition));
        return replay;
    }

    private static ReplayPartition Partition(Runtime.Hosting.ReplayPartition partition) => new()
    {
        Topic = partition.Topic,
        Partition = partition.Partition,
        RetainedFrom = partition.RetainedFrom,
        NextOffset = partition.Next,
        EndOffset = partition.End,
    };
}
