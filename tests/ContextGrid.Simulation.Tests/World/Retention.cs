using System.Text;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Takes the beginning of partitions of the shared log away.</summary>
internal sealed class Retention(SimulatedWorld world, Random random)
{
    // More than a process keeps of a partition.
    private const int BurstMax = 22;

    private int _bursts;

    /// <summary>Takes some of a partition, or, again and again, what nobody can have read.</summary>
    public async Task RetainAsync()
    {
        string topic = random.Next(2) == 0 ? "payments" : "logins";
        var partition = new TopicPartition(topic, random.Next(world.Plan.Partitions));
        if (_bursts == 0 && random.Next(4) == 0)
        {
            _bursts++;
            await TakeUnreadAsync(partition with { Topic = "logins" });
            return;
        }

        if (world.MayKill && world.Current is { IsUp: true } process && random.Next(2) == 0)
        {
            // While nobody reads, retention overtakes the readers.
            world.Kill(process, "before retention", isFault: true);
        }

        world.SharedLog.Retain(partition);
        world.Trace.Note(
            $"retention takes the beginning of {partition.Topic}/{partition.Partition}, to "
            + $"{world.SharedLog.RangeOf(partition).Start}");
    }

    private async Task TakeUnreadAsync(TopicPartition partition)
    {
        for (int i = 0; i < (world.Cluster is null ? BurstMax : BurstMax / 2); i++)
        {
            world.SharedLog.Pause(partition, isPaused: true);
            await AppendAsync(partition, $"burst-{i}");
            world.SharedLog.Retain(partition, isAll: true);
            world.SharedLog.Pause(partition, isPaused: false);
            world.Trace.Note($"retention takes all of {partition.Topic}/{partition.Partition}, unread");
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1_000, 3_000)), world.Clock);
            await AppendAsync(partition, $"kept-{i}");
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1_000, 3_000)), world.Clock);
        }
    }

    private async Task AppendAsync(TopicPartition partition, string id)
    {
        SimulatedEvent e = SimulatedEvent.Login(
            world.ServerNowMs, $"{id}-{partition.Partition}", SimulatedKeys.User(random), ok: true);
        world.Made[e.Text] = e;
        byte[] key = Encoding.UTF8.GetBytes("any");
        LogRecord[] records = [new(partition.Partition, world.ServerNowMs, key, e.Payload, default)];
        try
        {
            await world.SharedLog.AppendAsync(
                partition.Topic, records, new RecordPosition[1], CancellationToken.None);
        }
        catch (EventLogException failed)
        {
            world.Trace.Note($"{id} failed: {failed.Message}");
        }
    }
}
