using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Machine;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>Whether what is durable is not ahead of what is applied, shard by shard (I3).</summary>
internal static class PositionCheck
{
    /// <exception cref="SimulationFailure">It is.</exception>
    public static void Run(string process, EmbeddedHost host)
    {
        CheckpointContent durable = host.Checkpoint.Content;
        foreach (ShardContent shard in durable.Shards)
        {
            PartitionProgress[]? applied = host.Grid.Positions.Of(shard.Shard);
            for (int i = 0; applied is not null && i < shard.Next.Length; i++)
            {
                SourceProgress source = durable.Sources[i];
                PartitionProgress own = applied.First(
                    p => p.Partition == new TopicPartition(source.Topic, source.Partition));
                if (own.Next < shard.Next[i] || source.NextOffset > shard.Next[i])
                {
                    throw new SimulationFailure(
                        $"{process}: shard {shard.Shard} is durable up to {shard.Next[i]} of {own.Partition}, applied "
                        + $"up to {own.Next}, and the commit position is {source.NextOffset}");
                }
            }
        }
    }
}
