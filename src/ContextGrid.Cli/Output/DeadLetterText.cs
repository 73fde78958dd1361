using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Output;

/// <summary>Dead letters for people.</summary>
public static class DeadLetterText
{
    private static readonly string[] Columns = ["id", "time", "source", "state", "reason", "message"];

    /// <summary>Writes a table of dead letters.</summary>
    public static void WriteList(CliConsole console, ListDeadLettersResponse answer)
    {
        if (answer.DeadLetters.Count > 0)
            TextTable.Write(console, Columns, answer.DeadLetters.Select(Row));
        console.Out.WriteLine(
            $"{Units.Count(answer.DeadLetters.Count)} shown of {Units.Count(answer.Total)} retained: "
            + $"{Units.Count(answer.Open)} open, {Units.Count(answer.Retried)} retried, "
            + $"{Units.Count(answer.Discarded)} discarded."
            + (answer.Retrying > 0 ? $" {Units.Count(answer.Retrying)} with a retry that was cut off." : ""));
        if (answer.HasNextBefore)
            console.Out.WriteLine($"Continue with --before {answer.NextBefore}.");
        if (answer.Untracked > 0)
            console.Out.WriteLine($"{Units.Count(answer.Untracked)} older records are kept, but not listed.");
    }

    /// <summary>Writes one dead letter with its payload.</summary>
    public static void Write(TextWriter output, DeadLetter letter)
    {
        output.WriteLine($"id           {letter.Id}");
        output.WriteLine($"state        {State(letter)}");
        output.WriteLine($"found        {Units.Time(letter.TimeMs)}");
        output.WriteLine($"source       {Source(letter.Source)}");
        output.WriteLine($"record time  {Units.Time(letter.RecordTimeMs)}");
        output.WriteLine($"reason       {letter.Reason}");
        output.WriteLine($"message      {Units.Printable(letter.Message)}");
        output.WriteLine($"key          {PayloadText.OneLine(letter.Key.Span)}");
        foreach (var header in letter.Headers)
            output.WriteLine($"header       {Units.Printable(header.Name)}: {Units.Printable(header.Value)}");
        if (letter.PayloadBytes > letter.Payload.Length)
            output.WriteLine($"payload      cut: {letter.Payload.Length} of {letter.PayloadBytes} bytes are kept");
        output.WriteLine("payload");
        output.WriteLine(PayloadText.Pretty(letter.Payload.Span));
    }

    /// <summary>A retry's outcome in one line.</summary>
    public static string Outcome(DeadLetterRetryOutcome outcome)
    {
        var place = outcome.Position is { } at ? $"  {at.Topic}/{at.Partition}@{at.Offset}" : "";
        var why = outcome.Reason.Length > 0 ? $"  {outcome.Reason}: {Units.Printable(outcome.Message)}" : "";
        return $"{outcome.Id}  {Result(outcome.Result)}{place}{why}";
    }

    /// <summary>The kind of an outcome in a word or two.</summary>
    public static string Result(DeadLetterRetryResult result) => result switch
    {
        DeadLetterRetryResult.RetryApplied => "applied",
        DeadLetterRetryResult.RetryWaiting => "in the log, not applied yet",
        DeadLetterRetryResult.RetryDuplicate => "left out",
        DeadLetterRetryResult.RetryConflict => "dead letter again",
        DeadLetterRetryResult.RetryRefused => "refused",
        DeadLetterRetryResult.RetryValid => "valid",
        _ => "unknown",
    };

    private static string[] Row(DeadLetter letter) =>
    [
        Units.Id(letter.Id),
        Units.Time(letter.TimeMs),
        Source(letter.Source),
        Word(letter.State),
        letter.Reason,
        Units.Printable(letter.Message),
    ];

    private static string State(DeadLetter letter) => letter.State switch
    {
        DeadLetterState.Retried => $"retried at {Units.Time(letter.HasDecidedTimeMs, letter.DecidedTimeMs)} "
            + $"as {Source(letter.RetriedTo)}",
        DeadLetterState.Discarded => $"discarded at {Units.Time(letter.HasDecidedTimeMs, letter.DecidedTimeMs)}"
            + (letter.Note.Length > 0 ? ": " + Units.Printable(letter.Note) : ""),
        DeadLetterState.SameRecord => $"about the same record as {letter.SameAs}",
        DeadLetterState.Retrying => "a retry was cut off; retry it again, and it will count once",
        _ => Word(letter.State),
    };

    private static string Word(DeadLetterState state) => state switch
    {
        DeadLetterState.Open => "open",
        DeadLetterState.Retrying => "cut off",
        DeadLetterState.Retried => "retried",
        DeadLetterState.Discarded => "discarded",
        DeadLetterState.SameRecord => "same",
        _ => "-",
    };

    private static string Source(SourcePosition? source) => source switch
    {
        null => "-",
        { Offset: < 0 } => $"{source.Topic}, refused at publish",
        _ => $"{source.Topic}/{source.Partition}@{source.Offset}",
    };
}
