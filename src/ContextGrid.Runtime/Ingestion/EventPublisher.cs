using System.Buffers;
using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Diagnostics;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Takes events from producers: checks each with the decoder that will read it, appends the good ones to the log, and
/// answers when they are durable. A bad event is named and harms no other. Thread-safe.
/// </summary>
/// <param name="log">Where events go.</param>
/// <param name="deadLetters">Where bad events go when the producer wants them kept.</param>
/// <param name="validator">Checks events.</param>
/// <param name="metrics">Counters.</param>
/// <param name="verdicts">Knows what producers' ids tell of applied records.</param>
/// <param name="time">The clock for records without a time.</param>
public sealed class EventPublisher(
    IEventLog log,
    IDeadLetterSink deadLetters,
    EventValidator validator,
    GridMetrics metrics,
    IdVerdicts verdicts,
    TimeProvider time)
{
    /// <summary>The most events of one call.</summary>
    public const int EventsMax = 10_000;

    /// <summary>
    /// How far a producer's record time may be ahead of the clock, milliseconds: as much as an event time by default.
    /// Event times are judged against record times, so without a bound a producer with a bad clock would vouch for
    /// itself.
    /// </summary>
    public const long RecordFutureMsMax = 10_000;

    /// <summary>Publishes events to one topic.</summary>
    /// <param name="topic">The topic's name.</param>
    /// <param name="events">1 to <see cref="EventsMax"/> events; read until the task ends.</param>
    /// <param name="keepInvalid">Whether bad events are put to the dead letters.</param>
    /// <param name="cancellationToken">Ends the wait; events may still become durable.</param>
    /// <exception cref="UnknownTopicException">No definition reads the topic.</exception>
    /// <exception cref="EventLogException">Nothing is acknowledged.</exception>
    /// <exception cref="Codecs.SchemaUnavailableException">A schema can't be had at present.</exception>
    public async ValueTask<PublishOutcome> PublishAsync(
        string topic, IReadOnlyList<PublishItem> events, bool keepInvalid, CancellationToken cancellationToken)
    {
        if (!validator.TryGetEvent(topic, out int eventIndex))
        {
            throw new UnknownTopicException(topic);
        }

        LogRecord[] records = ArrayPool<LogRecord>.Shared.Rent(events.Count);
        RecordPosition[] positions = ArrayPool<RecordPosition>.Shared.Rent(events.Count);
        try
        {
            var refused = new List<RefusedItem>();
            int good = await CheckAsync(topic, eventIndex, events, keepInvalid, records, refused, cancellationToken);
            if (good > 0)
            {
                await log.AppendAsync(topic, records.AsMemory(0, good), positions.AsMemory(0, good), cancellationToken);
                metrics.CountPublished(topic, good);
            }

            IdScope scope = validator.Definition(eventIndex).IdScope;
            IdTally? ids = scope == IdScope.None || good == 0
                ? new IdTally(0, 0, 0)
                : await CountIdsAsync(topic, positions.AsMemory(0, good), cancellationToken);
            return new PublishOutcome(good, LastOf(positions.AsSpan(0, good)), refused) { IdScope = scope, Ids = ids };
        }
        finally
        {
            ArrayPool<LogRecord>.Shared.Return(records, clearArray: true);
            ArrayPool<RecordPosition>.Shared.Return(positions);
        }
    }

    // The events are durable: whoever gives up waiting is answered all the same.
    private async ValueTask<IdTally?> CountIdsAsync(
        string topic, ReadOnlyMemory<RecordPosition> positions, CancellationToken cancellationToken)
    {
        try
        {
            return await verdicts.CountAsync(topic, positions, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    // Fills the records with the good events: so many.
    private async ValueTask<int> CheckAsync(
        string topic, int eventIndex,
        IReadOnlyList<PublishItem> events, bool keepInvalid,
        LogRecord[] records,
        List<RefusedItem> refused,
        CancellationToken cancellationToken)
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        EventValidator.Worker worker = validator.Rent();
        await worker.PrepareAsync(eventIndex, new PublishPayloads(events), cancellationToken);
        int good = 0;
        for (int i = 0; i < events.Count; i++)
        {
            PublishItem item = events[i];
            long recordMs = item.TimestampMs ?? nowMs;
            if (TimeFault(recordMs, nowMs) is { } wrong)
            {
                metrics.CountRefused(topic, "bad_timestamp");
                refused.Add(new RefusedItem(i, "bad_timestamp", wrong, -1));
                continue;
            }

            if (HeaderFault(item.Headers.Span) is { } fault)
            {
                metrics.CountRefused(topic, "bad_headers");
                refused.Add(new RefusedItem(i, "bad_headers", fault, -1));
                continue;
            }

            // A record time that is ahead does not allow the event time to be further ahead.
            EventValidation checkedEvent = worker.Validate(
                eventIndex, item.Payload, item.Headers, Math.Min(recordMs, nowMs));
            if (checkedEvent.IsValid)
            {
                records[good++] = new LogRecord(
                    -1, recordMs, item.Key.IsEmpty ? checkedEvent.Key : item.Key, item.Payload, item.Headers);
            }
            else
            {
                metrics.CountRefused(topic, checkedEvent.Reason);
                refused.Add(await RefuseAsync(
                    topic, i, item with { TimestampMs = recordMs }, checkedEvent, keepInvalid, nowMs,
                    cancellationToken));
            }
        }

        validator.Return(worker);
        return good;
    }

    private async ValueTask<RefusedItem> RefuseAsync(
        string topic,
        int index,
        PublishItem item,
        EventValidation found,
        bool keep,
        long nowMs,
        CancellationToken cancellationToken)
    {
        // A payload that is too large for the log is too large for the dead letters as well.
        if (!keep || item.Payload.Length > Codecs.JsonEventDecoder.PayloadBytesMax)
        {
            return new RefusedItem(index, found.Reason, found.Message, -1);
        }

        var letter = new DeadLetter(
            new TopicPartition(topic, -1), -1, found.Reason, found.Message, nowMs, item.Key, item.Payload)
        {
            RecordTimeMs = item.TimestampMs ?? nowMs,
            Headers = item.Headers,
        };
        RecordPosition position = await deadLetters.WriteAsync(letter, cancellationToken);
        metrics.CountDeadLetter(topic, found.Reason);
        return new RefusedItem(index, found.Reason, found.Message, position.Offset);
    }

    // Headers that dead letters and retries add must fit beside a producer's own, and nobody else may write them.
    private static string? HeaderFault(ReadOnlySpan<byte> headers)
    {
        if (headers.Length > LogHeaders.PublishBytesMax)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"The headers have {headers.Length} bytes; at most {LogHeaders.PublishBytesMax} are taken.");
        }

        while (LogHeaders.TryTake(ref headers, out ReadOnlySpan<byte> name, out _))
        {
            if (name.IsEmpty || LogHeaders.IsOwn(name))
            {
                return name.IsEmpty
                    ? "A header has no name."
                    : $"The header '{Encoding.UTF8.GetString(name)}' is one that the server writes; use another name.";
            }
        }

        return headers.IsEmpty ? null : "The headers are cut short.";
    }

    // What is wrong with a record's time; null: nothing.
    private static string? TimeFault(long recordMs, long nowMs)
    {
        bool isTime = EventTime.TryGuess(recordMs, out _, out DecodeHint hint);
        if (isTime && recordMs >= 0 && recordMs <= nowMs + RecordFutureMsMax)
        {
            return null;
        }

        return string.Create(CultureInfo.InvariantCulture, $"The record's time is {recordMs}: ") + (isTime
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"it is before 1970, or over {RecordFutureMsMax} ms ahead of the server's clock. ")
            : Sentence.End(TimeText.Explain(hint)) + " ")
            + "Give milliseconds since the Unix epoch, or no time for the server's clock.";
    }

    private static List<RecordPosition> LastOf(ReadOnlySpan<RecordPosition> positions)
    {
        int partitions = 0;
        foreach (RecordPosition position in positions)
        {
            partitions = Math.Max(partitions, position.Partition + 1);
        }

        long[] last = new long[partitions];
        last.AsSpan().Fill(-1);
        foreach (RecordPosition position in positions)
        {
            last[position.Partition] = position.Offset;
        }

        var found = new List<RecordPosition>(partitions);
        for (int i = 0; i < partitions; i++)
        {
            if (last[i] >= 0)
            {
                found.Add(new RecordPosition(i, last[i]));
            }
        }

        return found;
    }
}

/// <summary>One event to publish.</summary>
/// <param name="Payload">The payload.</param>
/// <param name="Key">The partitioning key; empty: from the payload.</param>
public readonly record struct PublishItem(ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte> Key)
{
    /// <summary>The record's time, milliseconds since the Unix epoch; null: now.</summary>
    public long? TimestampMs { get; init; }

    /// <summary>The record's headers, encoded by <see cref="LogHeaders"/>, at most
    /// <see cref="LogHeaders.PublishBytesMax"/> bytes; usually empty.</summary>
    public ReadOnlyMemory<byte> Headers { get; init; }
}

/// <summary>The payloads of a call.</summary>
internal sealed class PublishPayloads(IReadOnlyList<PublishItem> events) : Codecs.IPayloadBatch
{
    /// <inheritdoc/>
    public int Count => events.Count;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Payload(int index) => events[index].Payload.Span;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Headers(int index) => events[index].Headers.Span;
}

/// <summary>What became of a call.</summary>
/// <param name="Accepted">How many events are durable.</param>
/// <param name="Positions">The last position in each partition written to.</param>
/// <param name="Refused">The events that were not taken.</param>
public sealed record PublishOutcome(
    int Accepted, IReadOnlyList<RecordPosition> Positions, IReadOnlyList<RefusedItem> Refused)
{
    /// <summary>Within what the event's ids must be unique.</summary>
    public required IdScope IdScope { get; init; }

    /// <summary>
    /// What the accepted events' ids told; null: not known, since their partitions are read by another process or are
    /// not applied up to them yet.
    /// </summary>
    public required IdTally? Ids { get; init; }
}

/// <summary>An event that was not taken.</summary>
/// <param name="Index">Its index in the call.</param>
/// <param name="Reason">A stable code.</param>
/// <param name="Message">What is wrong and what was meant.</param>
/// <param name="DeadLetter">Its position among the dead letters; −1: it is not kept.</param>
public sealed record RefusedItem(int Index, string Reason, string Message, long DeadLetter);

/// <summary>No definition reads this topic.</summary>
public sealed class UnknownTopicException(string topic) : Exception($"No event is defined for the topic '{topic}'.")
{
    /// <summary>The topic.</summary>
    public string Topic { get; } = topic;
}
