using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Keeps partitions of the shared log from being fetched, while producers write to them.</summary>
internal sealed class PartitionPauser(SimulatedWorld world, Random random)
{
    /// <summary>Pauses one for a while.</summary>
    public async Task PauseAsync()
    {
        var partition = new TopicPartition(
            random.Next(2) == 0 ? "payments" : "logins", random.Next(world.Plan.Partitions));
        world.Trace.Note($"{partition.Topic}/{partition.Partition} can't be fetched");
        world.SharedLog.Pause(partition, isPaused: true);
        await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 60)), world.Clock);
        world.SharedLog.Pause(partition, isPaused: false);
        world.Trace.Note($"{partition.Topic}/{partition.Partition} is fetched again");
    }
}
