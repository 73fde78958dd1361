using System.Collections.Concurrent;
using Confluent.Kafka;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Fetches the partitions of one topic with one consumer, on one thread of its own. A partition whose records are not
/// taken is waited for shortly and then paused, so that it holds up no other and its memory is bounded.
/// </summary>
internal sealed class TopicConsumer : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    // A pause throws away what librdkafka has fetched of the partition, so one that is only slow is waited for.
    private static readonly TimeSpan SpaceWait = TimeSpan.FromMilliseconds(500);

    private readonly string _topic;
    private readonly TimeProvider _time;
    private readonly IConsumer<int, int> _consumer;
    private readonly RecordBuffer _buffer = new();
    private readonly ConcurrentQueue<Action> _commands = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Dictionary<int, FetchedPartition> _partitions = [];
    private readonly Thread _thread;
    private volatile Error? _lastError;
    private volatile bool _ends;

    internal TopicConsumer(string topic, KafkaOptions options, TimeProvider time)
    {
        (_topic, _time) = (topic, time);
        _consumer = KafkaConfigs.BuildConsumer(options, _buffer, error => _lastError = error);
        _thread = new Thread(Run) { IsBackground = true, Name = $"kafka {topic}" };
        _thread.Start();
    }

    /// <summary>The partitions that are fetched; changed by the log only, under its lock.</summary>
    internal HashSet<int> Taken { get; } = [];

    /// <summary>What the client complained about last.</summary>
    internal Error? LastError => _lastError;

    /// <summary>Begins to fetch a partition, in place of what was fetched of it before.</summary>
    internal void Assign(FetchedPartition partition, long offset) => Command(() =>
    {
        Unassign(partition.Number);
        _partitions[partition.Number] = partition;
        _consumer.IncrementalAssign([new TopicPartitionOffset(_topic, partition.Number, offset)]);
    });

    /// <summary>Ends to fetch a partition.</summary>
    internal Task ReleaseAsync(FetchedPartition partition)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Command(() =>
        {
            if (_partitions.GetValueOrDefault(partition.Number) == partition)
            {
                Unassign(partition.Number);
            }

            done.SetResult();
        });
        return done.Task;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ends = true;
        _wake.Release();
        _thread.Join();
        _consumer.Dispose();
        _wake.Dispose();
    }

    private void Command(Action command)
    {
        _commands.Enqueue(command);
        _wake.Release();
    }

    private void Run()
    {
        while (!_ends)
        {
            while (_commands.TryDequeue(out Action? command))
            {
                command();
            }

            if (_partitions.Count == 0)
            {
                _wake.Wait();
                continue;
            }

            ResumeTaken();
            PollOnce();
        }
    }

    private void Unassign(int number)
    {
        if (_partitions.Remove(number))
        {
            _consumer.IncrementalUnassign([new TopicPartition(_topic, number)]);
        }
    }

    private void PollOnce()
    {
        _buffer.Clear();
        try
        {
            ConsumeResult<int, int>? result = _consumer.Consume(Poll);
            if (result is null || !_partitions.TryGetValue(result.Partition.Value, out FetchedPartition? partition))
            {
                return;
            }

            if (result.IsPartitionEOF)
            {
                partition.ReachEnd(result.Offset.Value, _time.GetUtcNow().ToUnixTimeMilliseconds());
                return;
            }

            if (!partition.Add(result, _buffer) && !partition.WaitForSpace(SpaceWait))
            {
                partition.IsPaused = true;
                _consumer.Pause([new TopicPartition(_topic, partition.Number)]);
            }
        }
        catch (ConsumeException e) when (e.Error.Code == ErrorCode.GroupAuthorizationFailed)
        {
            // The client looks for its group, of which reading needs nothing; who writes its offsets is told.
        }
        catch (ConsumeException e)
        {
            Fail(e);
        }
    }

    private void Fail(ConsumeException e)
    {
        int number = e.ConsumerRecord?.Partition.Value ?? -1;
        foreach (FetchedPartition partition in _partitions.Values)
        {
            if (number < 0 || number == partition.Number)
            {
                partition.Fail(e.Error);
            }
        }
    }

    private void ResumeTaken()
    {
        foreach (FetchedPartition partition in _partitions.Values)
        {
            if (partition.IsPaused && !partition.IsFull)
            {
                partition.IsPaused = false;
                _consumer.Resume([new TopicPartition(_topic, partition.Number)]);
            }
        }
    }
}
