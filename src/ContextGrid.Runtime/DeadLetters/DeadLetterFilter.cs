using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>Which dead letters are meant.</summary>
public sealed record DeadLetterFilter
{
    /// <summary>Only letters of this source topic; null: all.</summary>
    public string? Topic { get; init; }

    /// <summary>Only letters with this reason; null: all.</summary>
    public string? Reason { get; init; }

    /// <summary>Only letters found at this time or later, milliseconds since the Unix epoch.</summary>
    public long SinceMs { get; init; } = long.MinValue;

    /// <summary>Only letters found before this time, milliseconds since the Unix epoch.</summary>
    public long UntilMs { get; init; } = long.MaxValue;

    /// <summary>Only letters in these states; by default those that nobody has decided about.</summary>
    public LetterStates States { get; init; } = LetterStates.Undecided;

    /// <summary>Only letters with these bytes in key or payload, or this text in the message; empty: all.</summary>
    public ReadOnlyMemory<byte> Contains { get; init; }

    /// <summary>Whether a letter is meant, its state aside.</summary>
    internal bool Matches(DeadLetter letter, ReadOnlySpan<byte> value) =>
        (Topic is null || letter.Source.Topic == Topic)
        && (Reason is null || letter.Reason == Reason)
        && letter.TimeMs >= SinceMs
        && letter.TimeMs < UntilMs
        && (Contains.IsEmpty
            || value.IndexOf(Contains.Span) >= 0
            || letter.Key.Span.IndexOf(Contains.Span) >= 0
            || System.Text.Encoding.UTF8.GetBytes(letter.Message).AsSpan().IndexOf(Contains.Span) >= 0);
}
