namespace ContextGrid.Runtime.Ingestion;

/// <summary>An operation of an event log failed.</summary>
public sealed class EventLogException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">What happened.</param>
    /// <param name="message">What was wrong, where, and what to do.</param>
    /// <param name="inner">The cause, if any.</param>
    public EventLogException(EventLogError error, string message, Exception? inner = null)
        : base(message, inner) => Error = error;

    /// <summary>What happened.</summary>
    public EventLogError Error { get; }
}

/// <summary>What can go wrong with an event log.</summary>
public enum EventLogError
{
    /// <summary>There is no such topic or partition. A retry does not help.</summary>
    UnknownPartition,

    /// <summary>A record is larger than the log takes. A retry does not help.</summary>
    RecordTooLarge,

    /// <summary>No space is left. A retry may help later.</summary>
    Full,

    /// <summary>Too much waits to be written. Try again after a while.</summary>
    Busy,

    /// <summary>Bytes that were durable are not what was written. A retry does not help.</summary>
    Corrupt,

    /// <summary>The log does not hold what was read of it: it was truncated or made anew.</summary>
    Replaced,

    /// <summary>The log refuses who asks: a right is missing. A retry helps once it is granted.</summary>
    Denied,

    /// <summary>
    /// Reading or writing failed; after a failed fsync the log refuses appends until it is opened again.
    /// </summary>
    Unavailable,
}
