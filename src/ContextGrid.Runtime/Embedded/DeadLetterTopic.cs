using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// Writes dead letters to a topic of the log, with Kafka Connect's header names (<c>__connect.errors.topic</c>,
/// <c>.partition</c>, <c>.offset</c>, <c>.exception.class.name</c> = the reason's code, <c>.exception.message</c> …).
/// The record's timestamp is when the fault was found; its partition is always 0. Thread-safe.
/// </summary>
public sealed partial class DeadLetterTopic : IDeadLetterSink
{
    /// <summary>The topic's name; it must exist, with one partition.</summary>
    public const string Name = "dead-letters";

    private static readonly TimeSpan WaitMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(5);

    // A shorter beginning of a payload tells nothing.
    private const int ValueBytesMin = 1024;

    private readonly IEventLog _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Creates the sink over an open log.</summary>
    /// <param name="log">Has the topic <see cref="Name"/>.</param>
    /// <param name="time">Says when a letter without a time was found, and measures the waits between attempts.</param>
    /// <param name="logger">Is told about each failed attempt.</param>
    public DeadLetterTopic(IEventLog log, TimeProvider time, ILogger logger) =>
        (_log, _time, _logger) = (log, time, logger);

    /// <inheritdoc/>
    /// <remarks>A value over 1 MiB is cut to that size, or further until the topic takes it, and the entry tells the
    /// original size.</remarks>
    public async ValueTask<RecordPosition> WriteAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        letter = letter.TimeMs != 0
            ? letter
            : letter with { TimeMs = _time.GetUtcNow().ToUnixTimeMilliseconds() };
        int valueBytesMax = RecordFormat.ValueBytesMax;
        LogRecord[] records = [DeadLetterHeaders.Encode(letter, valueBytesMax)];
        var positions = new RecordPosition[1];
        TimeSpan wait = WaitMin;
        while (true)
        {
            try
            {
                await _log.AppendAsync(Name, records, positions, cancellationToken);
                return positions[0];
            }
            catch (EventLogException e) when (
                e.Error is EventLogError.Busy or EventLogError.Full or EventLogError.Unavailable)
            {
                LogRetry(_logger, letter.Source.Topic, letter.Offset, e.Message);
            }
            catch (EventLogException e) when (e.Error == EventLogError.RecordTooLarge && valueBytesMax > 0)
            {
                // The topic takes less than the log. Nobody would be helped by a partition that stops here.
                valueBytesMax = valueBytesMax > ValueBytesMin ? valueBytesMax / 2 : 0;
                records[0] = DeadLetterHeaders.Encode(letter, valueBytesMax);
                continue;
            }

            await Task.Delay(wait, _time, cancellationToken);
            wait = wait * 2 < WaitMax ? wait * 2 : WaitMax;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The dead letter of {Topic}, offset {Offset}, waits for the log: {Reason}")]
    private static partial void LogRetry(ILogger logger, string topic, long offset, string reason);
}
