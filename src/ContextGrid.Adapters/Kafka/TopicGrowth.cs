using System.Collections.Concurrent;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Looks whether topics have got partitions since they were counted: those are read from the next start on, and until
/// then nobody may take the answers for complete. One task runs it.
/// </summary>
/// <param name="queries">Asks the brokers.</param>
/// <param name="counted">The partitions of each topic as they were counted.</param>
/// <param name="logger">Is told once a topic.</param>
internal sealed partial class TopicGrowth(
    KafkaQueries queries, ConcurrentDictionary<string, int> counted, ILogger logger)
{
    private readonly ILogger _logger = logger;
    private volatile string? _sentence;

    /// <summary>Which topic has grown, and what to do; null: none has.</summary>
    internal string? Sentence => _sentence;

    /// <summary>Looks until cancelled, or until one has grown: only a start can change that.</summary>
    internal async Task LookAsync(TimeSpan interval, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (_sentence is null && await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach ((string topic, int known) in counted)
                {
                    await LookAsync(topic, known, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The log is closed.
        }
    }

    private async ValueTask LookAsync(string topic, int known, CancellationToken cancellationToken)
    {
        try
        {
            int count = await queries.CountPartitionsAsync(topic, cancellationToken);
            if (known > 0 && count > known)
            {
                _sentence = $"{topic} has {count} partitions now, and {known} are read; restart the server to read all";
                LogGrown(_sentence);
            }
        }
        catch (EventLogException)
        {
            // Whether the brokers are there, the age of the ends tells.
        }
    }

    [LoggerMessage(LogLevel.Error, "Not all is read: {Sentence}.")]
    private partial void LogGrown(string sentence);
}
