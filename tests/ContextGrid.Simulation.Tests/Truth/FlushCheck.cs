using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>
/// Whether what was applied is durable a checkpoint interval later, so that a crash brings back no more than that to
/// read again (I9). Where disks and stores fail or are slow nothing is promised but that it is said.
/// </summary>
/// <param name="world">Its clock and its plan.</param>
internal sealed class FlushCheck(SimulatedWorld world)
{
    private const Faults Unsteady = Faults.Store | Faults.FlushFails | Faults.ReadFails | Faults.DiskFull
        | Faults.SlowDisk | Faults.Slow | Faults.Takeover | Faults.BitFlip;

    private readonly Queue<(long AtMs, int Process, ImmutableArray<long> Applied)> _seen = [];

    /// <exception cref="SimulationFailure">It is not.</exception>
    public void Run(SimulatedProcess process, EmbeddedHost host)
    {
        if ((world.Plan.Faults & Unsteady) != 0)
        {
            return;
        }

        long nowMs = world.Clock.NowMs;
        TimeSpan most = world.Plan.CheckpointInterval + world.Slack;
        _seen.Enqueue((nowMs, process.Number, [.. host.Progress.Select(p => p.Next)]));
        while (_seen.Peek() is var seen && seen.AtMs < nowMs - most.TotalMilliseconds)
        {
            _seen.Dequeue();
            for (int i = 0; seen.Process == process.Number && i < seen.Applied.Length; i++)
            {
                Require(host, host.Progress[i].Partition, seen.Applied[i], most);
            }
        }
    }

    private static void Require(EmbeddedHost host, TopicPartition partition, long applied, TimeSpan most)
    {
        SourceProgress? durable = host.Checkpoint.Content.Sources.FirstOrDefault(
            s => s.Topic == partition.Topic && s.Partition == partition.Partition);
        if ((durable?.NextOffset ?? 0) < applied)
        {
            throw new SimulationFailure(
                $"{partition} was applied up to {applied} {most.TotalSeconds} s ago, and the newest checkpoint has "
                + $"{durable?.NextOffset}");
        }
    }
}
