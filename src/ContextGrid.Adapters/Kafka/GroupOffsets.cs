using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using TopicPartition = ContextGrid.Runtime.Ingestion.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Writes the durable positions as the offsets of a consumer group, for tools that show lag. Nobody here reads them,
/// and a group that can't be written holds up nothing. One task calls it.
/// </summary>
/// <param name="queries">Asks the brokers.</param>
/// <param name="group">The group.</param>
/// <param name="logger">Is told what failed.</param>
internal sealed partial class GroupOffsets(KafkaQueries queries, string group, ILogger logger)
{
    private readonly ILogger _logger = logger;
    private readonly Dictionary<TopicPartition, long> _written = [];
    private string? _fault;

    /// <summary>Gives the positions, each the next offset after what is durable; null: nobody does yet.</summary>
    internal Func<IEnumerable<(TopicPartition Partition, long Next)>>? Durable { get; set; }

    /// <summary>Writes what has moved.</summary>
    internal async ValueTask WriteAsync(CancellationToken cancellationToken)
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
            if (_fault != e.Message)
            {
                LogFailed(group, e.Message);
            }

            _fault = e.Message;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Lag tools do not see the group {Group}: {Message}")]
    private partial void LogFailed(string group, string message);
}
