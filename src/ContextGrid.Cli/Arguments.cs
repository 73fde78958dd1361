using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ContextGrid.Client;

namespace ContextGrid.Cli;

/// <summary>Options and arguments that several commands share, and how their texts are read.</summary>
public static class Arguments
{
    /// <summary>An entity's type.</summary>
    public static Argument<string> Type() => new("TYPE") { Description = "The entity's type, such as user." };

    /// <summary>An entity's key.</summary>
    public static Argument<string> Key() => new("ID") { Description = "The entity's key." };

    /// <summary>Names of features.</summary>
    public static Option<string[]> Features() => new("--features")
    {
        Description = "Names of features, separated by commas; all without it.",
        HelpName = "A,B",
        CustomParser = result => Names(result),
        DefaultValueFactory = _ => [],
    };

    /// <summary>The head of the windows.</summary>
    public static Option<Head> AsOf() => new("--as-of")
    {
        Description = "Milliseconds since 1970, an RFC 3339 time, or 'newest': the entity's newest event.",
        HelpName = "TIME",
        CustomParser = result => ParseHead(result),
    };

    /// <summary>A duration such as 500ms, 2s, 5m, 1h or 1d.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = result => ParseDuration(result),
    };

    /// <summary>A moment: milliseconds since 1970, an RFC 3339 time, or a duration that counts back from now.</summary>
    public static Option<DateTimeOffset?> Moment(string name, string description, TimeProvider clock) => new(name)
    {
        Description = description + " Milliseconds since 1970, an RFC 3339 time, or a duration ago, such as 2h.",
        HelpName = "TIME",
        CustomParser = result => ParseMoment(result, clock),
    };

    /// <summary>An integer with bounds.</summary>
    public static Option<int> Bounded(string name, string description, int byDefault, int min, int max)
    {
        var option = new Option<int>(name)
        {
            Description = $"{description} Default {byDefault}.",
            HelpName = "N",
            DefaultValueFactory = _ => byDefault,
        };
        option.Validators.Add(result =>
        {
            // A text that is no number has an error of its own.
            if (result.Tokens.Count == 1
                && long.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var value)
                && (value < min || value > max))
            {
                result.AddError($"{name} {value} is outside {min} to {max}.");
            }
        });
        return option;
    }

    private static string[] Names(ArgumentResult result) =>
        [.. result.Tokens.SelectMany(t => t.Value.Split(
            ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static Head ParseHead(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text == "newest")
            return new Head(null, true);
        if (TimeOf(text) is { } time)
            return new Head(time, false);
        result.AddError($"--as-of '{text}' is neither milliseconds, nor a time such as 2026-01-31T12:00:00Z, "
            + "nor 'newest'.");
        return default;
    }

    private static DateTimeOffset? TimeOf(string text)
    {
        if (long.TryParse(text, CultureInfo.InvariantCulture, out var ms) && Math.Abs(ms) < 253_402_300_800_000)
            return DateTimeOffset.FromUnixTimeMilliseconds(ms);
        return DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
    }

    private static DateTimeOffset? ParseMoment(ArgumentResult result, TimeProvider clock)
    {
        var text = result.Tokens[0].Value;
        if (DurationOf(text) is { } ago)
            return clock.GetUtcNow() - ago;
        if (TimeOf(text) is { } time)
            return time;
        result.AddError($"'{text}' is neither milliseconds, nor a time such as 2026-01-31T12:00:00Z, nor a duration.");
        return null;
    }

    private static TimeSpan? ParseDuration(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (DurationOf(text) is { } duration)
            return duration;
        result.AddError($"'{text}' is no duration; examples are 500ms, 2s, 5m, 1h, 1d.");
        return null;
    }

    private static TimeSpan? DurationOf(string text)
    {
        var digits = text.AsSpan().TrimEnd("abcdefghijklmnopqrstuvwxyz");
        double unitMs = text[digits.Length..] switch
        {
            "ms" => 1, "s" => 1_000, "m" => 60_000, "h" => 3_600_000, "d" => 86_400_000, _ => double.NaN,
        };
        return double.TryParse(digits, CultureInfo.InvariantCulture, out var number)
            && number * unitMs is >= 0 and < 1e14
            ? TimeSpan.FromMilliseconds(number * unitMs)
            : null;
    }
}

/// <summary>Which head of the windows was asked for.</summary>
/// <param name="AsOf">At this time; null: now.</param>
/// <param name="Newest">The entity's newest event.</param>
public readonly record struct Head(DateTimeOffset? AsOf, bool Newest);
