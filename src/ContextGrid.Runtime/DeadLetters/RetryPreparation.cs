using ContextGrid.Core.Model;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>
/// Makes the record that a letter is retried with, or says why there is none: checked by the decoder that will read it,
/// with the time that it had. Thread-safe.
/// </summary>
/// <param name="log">Knows the partitions.</param>
/// <param name="validator">Checks events.</param>
internal sealed class RetryPreparation(IEventLog log, EventValidator validator)
{
    private const string OfHeader = "contextgrid.retry.of";
    private const string SourceHeader = "contextgrid.retry.source";

    /// <summary>Prepares one letter that is open.</summary>
    /// <param name="entry">The letter.</param>
    /// <param name="edited">The payload instead of its own; null: its own.</param>
    /// <param name="cancellationToken">Ends the wait for the log.</param>
    /// <returns>The retry, or why there is none.</returns>
    internal async ValueTask<(PreparedRetry? Retry, RetryOutcome Refusal)> PrepareAsync(
        DeadLetterEntry entry, byte[]? edited, CancellationToken cancellationToken)
    {
        DeadLetter letter = entry.Letter;
        ReadOnlyMemory<byte> payload = edited is null ? letter.Value : edited;
        bool isEdited = !payload.Span.SequenceEqual(letter.Value.Span);
        if (!validator.TryGetEvent(letter.Source.Topic, out int eventIndex))
        {
            return Refuse(entry, RetryRefusals.UnknownTopic,
                $"No event is defined for the topic '{letter.Source.Topic}' that it came from.");
        }

        if (!isEdited && entry.ValueBytes > letter.Value.Length)
        {
            return Refuse(entry, RetryRefusals.ValueCut,
                $"Only {letter.Value.Length} of its {entry.ValueBytes} bytes are kept. Give a whole payload.");
        }

        if (!isEdited && letter.Reason == EventBatch.IdConflict)
        {
            return Refuse(entry, EventBatch.IdConflict, $"{letter.Message} Give it an id of its own by editing.");
        }

        EventValidation validation = validator.Validate(
            eventIndex, payload, letter.RecordTimeMs, letter.Headers);
        if (!validation.IsValid)
        {
            return Refuse(entry, validation.Reason, validation.Message);
        }

        byte[] headers = Headers(entry);
        return headers.Length > RecordFormat.HeadersBytesMax
            ? Refuse(entry, "too_large", "Its headers leave no room for those of a retry. Publish the event anew.")
            : (await PlaceAsync(entry, payload, validation, headers, cancellationToken), Nothing(entry));
    }

    private async ValueTask<PreparedRetry> PlaceAsync(
        DeadLetterEntry entry,
        ReadOnlyMemory<byte> payload,
        EventValidation validation,
        byte[] headers,
        CancellationToken cancellationToken)
    {
        // What was in the log goes back to where it was. What was refused at publish goes where publish puts it.
        DeadLetter letter = entry.Letter;
        bool wasInLog = letter.Offset >= 0 && letter.Source.Partition >= 0;
        ReadOnlyMemory<byte> key = wasInLog || !letter.Key.IsEmpty ? letter.Key : validation.Key;
        int partitions = await log.CountPartitionsAsync(letter.Source.Topic, cancellationToken);
        int partition = wasInLog && letter.Source.Partition < partitions ? letter.Source.Partition
            : key.IsEmpty ? (int)(entry.Id % Math.Max(1, partitions))
            : Murmur2.PartitionFor(key.Span, Math.Max(1, partitions));
        var record = new LogRecord(partition, letter.RecordTimeMs, key, payload, headers);
        return new PreparedRetry(entry, record, StableHash.Of(payload.Span));
    }

    // The record's own headers, without those of an earlier retry, and where it comes from.
    private static byte[] Headers(DeadLetterEntry entry)
    {
        DeadLetter letter = entry.Letter;
        var kept = new List<byte>();
        ReadOnlySpan<byte> rest = letter.Headers.Span;
        ReadOnlySpan<byte> before = rest;
        while (LogHeaders.TryTake(ref rest, out ReadOnlySpan<byte> name, out _))
        {
            if (!name.StartsWith("contextgrid.retry."u8))
            {
                kept.AddRange(before[..(before.Length - rest.Length)]);
            }

            before = rest;
        }

        string source = letter.Offset >= 0
            ? $"{letter.Source.Topic}/{letter.Source.Partition}@{letter.Offset}"
            : letter.Source.Topic;
        kept.AddRange(LogHeaders.Encode(
        [
            new(OfHeader, Embedded.DeadLetterHeaders.Text(entry.Id)),
            new(SourceHeader, source),
        ]));
        return [.. kept];
    }

    private static RetryOutcome Nothing(DeadLetterEntry entry) => new(entry.Id, RetryResult.Valid);

    private static (PreparedRetry?, RetryOutcome) Refuse(DeadLetterEntry entry, string reason, string message) =>
        (null, new RetryOutcome(entry.Id, RetryResult.Refused, reason, message));
}

/// <summary>A retry that may begin.</summary>
/// <param name="Entry">The letter.</param>
/// <param name="Record">The record, with its partition.</param>
/// <param name="Hash">The hash of its payload.</param>
internal sealed record PreparedRetry(DeadLetterEntry Entry, LogRecord Record, ulong Hash)
{
    /// <summary>The partition that takes it.</summary>
    internal TopicPartition Partition => new(Entry.Letter.Source.Topic, Record.Partition);
}
