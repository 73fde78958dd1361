using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Cli;

/// <summary>What is wrong with a command line, in sentences of one line each.</summary>
internal static partial class WrongUse
{
    /// <summary>All mistakes; none: the command may run.</summary>
    internal static IEnumerable<string> Of(ParseResult parsed) =>
        parsed.Errors.Count > 0 ? parsed.Errors.Select(e => Reworded(e.Message)) : Strays(parsed);

    // The parser takes an option that does not exist, such as --feature for --features, for one more argument: a key.
    private static IEnumerable<string> Strays(ParseResult parsed)
    {
        var arguments = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).ToArray();
        return parsed.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash)
            .Where(t => IsLikeOption(t.Value) && arguments.Any(a => ReferenceEquals(a, t)))
            .Select(t => Sentence.End($"there is no option '{t.Value}'{NearestName.Suggest(t.Value, Options(parsed))}")
                + " An argument that begins with '-' stands behind '--'.");
    }

    // A negative number and a single dash are data: no option looks like them.
    private static bool IsLikeOption(string text) =>
        text.Length > 1 && text[0] == '-' && !char.IsAsciiDigit(text[1]);

    private static IEnumerable<string> Options(ParseResult parsed)
    {
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult command; at = at.Parent)
        {
            foreach (var option in command.Command.Options)
                yield return option.Name;
        }
    }

    // The parser writes lists over several lines, and types as the runtime calls them.
    private static string Reworded(string message) =>
        Break().Replace(Type().Replace(message, m => m.Value.Contains("Int", StringComparison.Ordinal)
            ? ": a whole number was meant"
            : ""), m => m.Index > 0 && message[m.Index - 1] == ':' ? " " : ", ");

    [GeneratedRegex(@" as expected type '[^']*'")]
    private static partial Regex Type();

    [GeneratedRegex(@"\s*\n\s*")]
    private static partial Regex Break();
}
