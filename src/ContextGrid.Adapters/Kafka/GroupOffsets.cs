using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Writes the durable positions as the offsets of a consumer group, for tools that show lag. Nobody here reads them,
/// and a group that can't be written holds up nothing: its task is its own. Not thread-safe.
/// </summary>
/// <param name="queries">Asks the brokers.</param>
/// <param name="group">The group.</param>
/// <param name="logger">Is told what failed.</param>
internal sealed partial class GroupOffsets(KafkaQueries queries, string group, ILogger logger)
{
    private readonly ILogger _logger = logger;
    private readonly Dictionary<TopicPartition, long> _written = [];
    private volatile string? _fault;

    /// <summary>Why lag tools do not see the group, in a sentence; null: they do, as far as is known.</summary>
    internal string? Fault => _fault is null ? null : $"Lag tools do not see the group {group}: {_fault}";

    /// <summary>Gives the positions, each the next offset after what is durable; null: nobody does yet.</summary>
    internal Func<IEnumerable<(TopicPartition Partition, long Next)>>? Durable { get; set; }

    /// <summary>Writes what has moved, again and again until cancelled.</summary>
    internal async Task WriteAsync(TimeSpan interval, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await WriteAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The log is closed.
        }
    }

    private async ValueTask WriteAsync(CancellationToken cancellationToken)
    {
        (TopicPartition Partition, long Next)[] moved =
        [
            .. (Durable?.Invoke() ?? []).Where(d => _written.GetValueOrDefault(d.Partition, -1) != d.Next),
        ];
        if (moved.Length == 0)
        {
            return;
        }

        try
        {
            await queries.CommitAsync(
                [.. moved.Select(m => new TopicPartitionOffset(m.Partition.Topic, m.Partition.Partition, m.Next))],
                cancellationToken);
            Array.ForEach(moved, m => _written[m.Partition] = m.Next);
            _fault = null;
        }
        catch (Runtime.Ingestion.EventLogException e)
        {
            Fail(e.Message);
        }
    }

    /// <summary>Notes why the offsets can't be written.</summary>
    internal void Fail(string why)
    {
        if (_fault != why)
        {
            LogFailed(group, why);
        }

        _fault = why;
    }

    [LoggerMessage(LogLevel.Warning, "Lag tools do not see the group {Group}: {Message}")]
    private partial void LogFailed(string group, string message);
}
