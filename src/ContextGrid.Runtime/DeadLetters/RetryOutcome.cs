using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>A dead letter to retry.</summary>
/// <param name="Letter">Its number.</param>
/// <param name="Payload">The payload to retry instead of the letter's; null: as it is.</param>
public sealed record RetryItem(long Letter, byte[]? Payload = null);

/// <summary>What became of a retry.</summary>
/// <param name="Letter">The letter's number.</param>
/// <param name="Result">What became of it.</param>
/// <param name="Reason">A stable code when it was refused or did not count; else empty.</param>
/// <param name="Message">What is wrong and what to do; empty: nothing is.</param>
public sealed record RetryOutcome(long Letter, RetryResult Result, string Reason = "", string Message = "")
{
    /// <summary>The topic that has the record; empty: none has.</summary>
    public string Topic { get; init; } = "";

    /// <summary>Where the record is; −1: nowhere.</summary>
    public RecordPosition Position { get; init; } = new(-1, -1);
}

/// <summary>The kinds of outcomes of a retry.</summary>
public enum RetryResult
{
    /// <summary>The record is in the log again, and applied.</summary>
    Retried,

    /// <summary>The record is in the log again; it waits to be applied, and whether it counts is not known yet.
    /// </summary>
    Waiting,

    /// <summary>The record is in the log again and was left out: an event with its id and content counts already.
    /// </summary>
    Duplicate,

    /// <summary>The record is in the log again and is a dead letter again: its id is taken by other content.</summary>
    Conflict,

    /// <summary>Nothing was done.</summary>
    Refused,

    /// <summary>Nothing was done, as asked; the letter would be retried.</summary>
    Valid,
}

/// <summary>What became of a discard.</summary>
/// <param name="Letter">The letter's number.</param>
/// <param name="IsDiscarded">Whether the letter is discarded now.</param>
/// <param name="Reason">A stable code when it is not; else empty.</param>
/// <param name="Message">Why it is not; else empty.</param>
public sealed record DiscardOutcome(long Letter, bool IsDiscarded, string Reason = "", string Message = "");
