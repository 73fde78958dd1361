using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Ingestion;
using Google.Protobuf;
using DeadLetter = ContextGrid.Contracts.V1.DeadLetter;

namespace ContextGrid.Server.Services;

/// <summary>Dead letters as messages of the contract.</summary>
internal static class DeadLetterWire
{
    /// <summary>The message of a letter.</summary>
    /// <param name="entry">The letter.</param>
    /// <param name="isWhole">With payload, headers and what was decided.</param>
    internal static DeadLetter Letter(DeadLetterEntry entry, bool isWhole)
    {
        Runtime.Ingestion.DeadLetter letter = entry.Letter;
        var message = new DeadLetter
        {
            Id = entry.Id,
            Source = Position(letter.Source.Topic, new RecordPosition(letter.Source.Partition, letter.Offset)),
            Reason = letter.Reason,
            Message = letter.Message,
            TimeMs = letter.TimeMs,
            Key = ByteString.CopyFrom(letter.Key.Span),
            State = State(entry.State),
            RecordTimeMs = letter.RecordTimeMs,
            PayloadBytes = entry.ValueBytes,
            SameAs = entry.SameAs,
        };
        if (isWhole)
        {
            AddRest(message, entry);
        }

        return message;
    }

    /// <summary>The message of a retry's outcome.</summary>
    internal static DeadLetterRetryOutcome Outcome(RetryOutcome outcome) => new()
    {
        Id = outcome.Letter,
        Result = outcome.Result switch
        {
            RetryResult.Retried => DeadLetterRetryResult.RetryApplied,
            RetryResult.Waiting => DeadLetterRetryResult.RetryWaiting,
            RetryResult.Duplicate => DeadLetterRetryResult.RetryDuplicate,
            RetryResult.Conflict => DeadLetterRetryResult.RetryConflict,
            RetryResult.Refused => DeadLetterRetryResult.RetryRefused,
            _ => DeadLetterRetryResult.RetryValid,
        },
        Reason = outcome.Reason,
        Message = outcome.Message,
        Position = outcome.Position.Offset < 0 ? null : Position(outcome.Topic, outcome.Position),
    };

    /// <summary>The state that a message names.</summary>
    internal static LetterState State(DeadLetterState state)
    {
        ContextRequests.Require(
            state is >= DeadLetterState.Open and <= DeadLetterState.SameRecord, "states", "the state is not known");
        return (LetterState)(int)state;
    }

    // Both count in the same order, with "none" as zero.
    private static DeadLetterState State(LetterState state) => (DeadLetterState)(int)state;

    private static SourcePosition Position(string topic, RecordPosition position) =>
        new() { Topic = topic, Partition = position.Partition, Offset = position.Offset };

    private static void AddRest(DeadLetter message, DeadLetterEntry entry)
    {
        message.Payload = ByteString.CopyFrom(entry.Letter.Value.Span);
        message.Headers.AddRange(LogHeaders.Decode(entry.Letter.Headers.Span).Select(
            h => new RecordHeader { Name = h.Key, Value = h.Value }));
        if (entry.Mark is { } mark)
        {
            message.DecidedTimeMs = mark.TimeMs;
            message.Note = mark.Note;
            message.RetriedTo = mark.State == LetterState.Retried ? Position(mark.Source.Topic, mark.Target) : null;
        }
    }
}
