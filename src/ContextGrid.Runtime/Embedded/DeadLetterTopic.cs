using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// Writes dead letters to a topic of the log, with Kafka Connect's header names (<c>__connect.errors.topic</c>,
/// <c>.partition</c>, <c>.offset</c>, <c>.exception.class.name</c> = the reason's code, <c>.exception.message</c> …).
/// The record's timestamp is when the fault was found; its partition is always 0. Thread-safe.
/// </summary>
public sealed class DeadLetterTopic : IDeadLetterSink
{
    /// <summary>The topic's name; it must exist, with one partition.</summary>
    public const string Name = "dead-letters";

    // A shorter beginning of a payload tells nothing.
    private const int ValueBytesMin = 1024;

    private readonly IEventLog _log;
    private readonly TimeProvider _time;

    /// <summary>Creates the sink over an open log.</summary>
    /// <param name="log">Has the topic <see cref="Name"/>.</param>
    /// <param name="time">Says when a letter without a time was found.</param>
    public DeadLetterTopic(IEventLog log, TimeProvider time) => (_log, _time) = (log, time);

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
        while (true)
        {
            try
            {
                await _log.AppendAsync(Name, records, positions, cancellationToken);
                return positions[0];
            }
            catch (EventLogException e) when (e.Error == EventLogError.RecordTooLarge && valueBytesMax > 0)
            {
                // The topic takes less than the log. Nobody would be helped by a partition that stops here.
                valueBytesMax = valueBytesMax > ValueBytesMin ? valueBytesMax / 2 : 0;
                records[0] = DeadLetterHeaders.Encode(letter, valueBytesMax);
            }
        }
    }
}
