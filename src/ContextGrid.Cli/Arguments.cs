using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ContextGrid.Cli.Output;
using ContextGrid.Core.Expressions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Cli;

/// <summary>Options and arguments that several commands share, and how their texts are read.</summary>
public static class Arguments
{
    // The longest duration of google.protobuf.Duration: ten thousand years.
    private const long DurationMsMax = 315_576_000_000_000;

    /// <summary>An entity's type.</summary>
    public static Argument<string> Type() => Named("TYPE", "The entity's type, such as user.");

    /// <summary>An entity's key.</summary>
    public static Argument<string> Key() => NotEmpty(
        new Argument<string>("ID") { Description = "The entity's key; write -- before a key that begins with '-'." },
        "the key");

    /// <summary>An argument that must not be empty.</summary>
    public static Argument<string> Named(string name, string description) =>
        NotEmpty(new Argument<string>(name) { Description = description }, name);

    /// <summary>Keys of entities.</summary>
    public static Argument<string[]> Keys(string description) => NotEmpty(
        new Argument<string[]>("ID")
        {
            Description = description + " Write -- before keys that begin with '-'.",
            Arity = ArgumentArity.OneOrMore,
        },
        "a key");

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

    /// <summary>A duration such as 500ms, 2s, 5m, 1h or 1d: a whole number and a unit.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = result => ParseDuration(result, name),
    };

    /// <summary>A moment: milliseconds since 1970, an RFC 3339 time, or a duration that counts back from now.</summary>
    public static Option<DateTimeOffset?> Moment(string name, string description, TimeProvider clock) => new(name)
    {
        Description = description + " Milliseconds since 1970, an RFC 3339 time, or a duration ago, such as 2h.",
        HelpName = "TIME",
        CustomParser = result => ParseMoment(result, name, clock),
    };

    /// <summary>A time: milliseconds since 1970 or an RFC 3339 time.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => TimeOf(result, name, result.Tokens[0].Value, ""),
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

    /// <summary>A text that must not be empty: an empty one is a variable that was not set.</summary>
    public static Option<string?> Text(string name, string description, string helpName)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = helpName };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(t => t.Value.Length == 0))
                result.AddError($"{name} is empty; give it a value, or leave it out.");
        });
        return option;
    }

    private static Argument<T> NotEmpty<T>(Argument<T> argument, string what)
    {
        argument.Validators.Add(result =>
        {
            if (result.Tokens.Any(t => t.Value.Length == 0))
                result.AddError($"{what} is empty.");
        });
        return argument;
    }

    private static string[] Names(ArgumentResult result)
    {
        string[] names = [.. result.Tokens.SelectMany(t => t.Value.Split(',', StringSplitOptions.TrimEntries))];
        if (names.Contains(""))
            result.AddError("--features has an empty name; separate names by one comma each.");
        // One that is named twice is answered once: a JSON object has a name once.
        return [.. names.Distinct(StringComparer.Ordinal)];
    }

    private static Head ParseHead(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        return text == "newest" ? new Head(null, true)
            : TimeOf(result, "--as-of", text, ", or 'newest'") is { } time ? new Head(time, false)
            : default;
    }

    private static DateTimeOffset? TimeOf(ArgumentResult result, string name, string text, string others)
    {
        if (TimeText.TryParse(text, out var ms, out var wrong))
            return DateTimeOffset.FromUnixTimeMilliseconds(ms);
        var meant = wrong.Contains("meant", StringComparison.Ordinal) ? others : "";
        result.AddError($"{name} '{Units.Printable(text)}': {wrong}{meant}.");
        return null;
    }

    private static DateTimeOffset? ParseMoment(ArgumentResult result, string name, TimeProvider clock)
    {
        var text = result.Tokens[0].Value;
        if (!DurationText.TryParse(text, out var agoMs))
            return TimeOf(result, name, text, ", or a duration ago such as 2h");
        // Longer ago than times go is the first time that there is.
        var now = clock.GetUtcNow();
        return agoMs < (now - DateTimeOffset.MinValue).TotalMilliseconds
            ? now - TimeSpan.FromMilliseconds(agoMs)
            : DateTimeOffset.MinValue;
    }

    private static TimeSpan? ParseDuration(ArgumentResult result, string name)
    {
        var text = result.Tokens[0].Value;
        if (!DurationText.TryParse(text, out var ms))
            result.AddError($"{name} '{Units.Printable(text)}' is no duration; it is a whole number and a unit, such "
                + "as 500ms, 2s, 90m, 1h, 1d.");
        else if (ms > DurationMsMax)
            result.AddError($"{name} '{text}' is out of range; the longest is {DurationText.Print(DurationMsMax)}.");
        else
            return TimeSpan.FromMilliseconds(ms);
        return null;
    }
}

/// <summary>Which head of the windows was asked for.</summary>
/// <param name="AsOf">At this time; null: now.</param>
/// <param name="Newest">The entity's newest event.</param>
public readonly record struct Head(DateTimeOffset? AsOf, bool Newest);
