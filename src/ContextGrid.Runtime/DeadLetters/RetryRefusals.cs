namespace ContextGrid.Runtime.DeadLetters;

/// <summary>Why a letter's state refuses a retry or a discard.</summary>
internal static class RetryRefusals
{
    /// <summary>There is no such letter.</summary>
    internal const string Unknown = "unknown_dead_letter";

    /// <summary>It was retried before.</summary>
    internal const string AlreadyRetried = "already_retried";

    /// <summary>It was discarded before.</summary>
    internal const string AlreadyDiscarded = "already_discarded";

    /// <summary>Another letter stands for the same record.</summary>
    internal const string SameRecord = "same_record";

    /// <summary>Nobody can tell whether its record is in the log again.</summary>
    internal const string Uncertain = "uncertain";

    /// <summary>Another process retries it, or has decided about it at the same moment.</summary>
    internal const string DecidedElsewhere = "decided_elsewhere";

    /// <summary>Another process was quicker.</summary>
    internal static readonly (string Reason, string Message) Overtaken = (
        DecidedElsewhere,
        "Another server or silo decided about it at the same moment, and was quicker. Look at it again.");

    /// <summary>The call names the letter twice.</summary>
    internal static readonly (string Reason, string Message) Twice = ("named_twice", "The call names it twice.");

    /// <summary>No definition reads its topic.</summary>
    internal const string UnknownTopic = "unknown_topic";

    /// <summary>Its payload was too large to keep whole.</summary>
    internal const string ValueCut = "value_cut";

    /// <summary>Reason and message of a letter that another process retries at this moment.</summary>
    internal static (string Reason, string Message) Running(LetterMark mark) => (
        DecidedElsewhere,
        $"{mark.Owner} retries it at this moment. If that was cut off, it can be decided about again in two minutes.");

    /// <summary>Reason and message of a letter that is missing or in this state; the reason is empty where the state
    /// is no hindrance.</summary>
    internal static (string Reason, string Message) Of(long id, DeadLetterEntry? entry) => entry?.State switch
    {
        null or LetterState.None => (Unknown, Missing(id)),
        LetterState.Retried => (
            AlreadyRetried,
            $"It was retried already: its record is in {entry.Letter.Source.Topic}/{entry.Mark?.Target.Partition} at "
            + $"offset {entry.Mark?.Target.Offset}."),
        LetterState.Same => (
            SameRecord,
            $"It is about the same record as dead letter {entry.SameAs}, written again after a restart. Decide about "
            + "that one."),
        LetterState.Retrying => (
            Uncertain,
            "A retry of it was cut off, and the log no longer has the place where its record would be. See whether the "
            + "event counts; discard the letter if it does, else publish the event anew and discard it then."),
        _ => ("", ""),
    };

    /// <summary>Reason and message of a letter that can't be discarded. One whose retry is uncertain can.</summary>
    internal static (string Reason, string Message) OfDiscard(long id, DeadLetterEntry? entry) => entry?.State switch
    {
        LetterState.Discarded => (AlreadyDiscarded, "It was discarded already."),
        LetterState.Retrying => ("", ""),
        _ => Of(id, entry),
    };

    /// <summary>There is no letter of this number.</summary>
    internal static string Missing(long id) =>
        $"There is no dead letter {id}: it was never written, or retention has removed it, or the number is that of a "
        + "mark that was left by a retry or a discard.";
}
