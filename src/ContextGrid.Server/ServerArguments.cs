using System.CommandLine;

namespace ContextGrid.Server;

/// <summary>
/// Reads a command line into what the parser takes, which gives an option without a value the next option as one:
/// <c>--kafka-group=</c>, with nothing behind the sign, would swallow what follows.
/// </summary>
internal static class ServerArguments
{
    /// <summary>Separates names and values, and refuses a value that is missing.</summary>
    /// <param name="options">All options.</param>
    /// <param name="mayBeEmpty">The names of those whose value may be the empty text.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="error">What is wrong with it; null: nothing is.</param>
    /// <returns>Each option, and behind it its value.</returns>
    internal static IReadOnlyList<string> Read(
        IEnumerable<Option> options, IReadOnlyList<string> mayBeEmpty, IReadOnlyList<string> arguments,
        out string? error)
    {
        var known = options.SelectMany(o => o.Aliases.Append(o.Name).Select(name => (name, o)))
            .ToDictionary(o => o.name, o => o.o, StringComparer.Ordinal);
        var read = new List<string>();
        error = null;
        for (int i = 0; i < arguments.Count && error is null; i++)
        {
            string argument = arguments[i];
            int sign = argument.IndexOf('=', StringComparison.Ordinal);
            string name = sign < 0 ? argument : argument[..sign];
            if (!known.TryGetValue(name, out Option? option))
            {
                read.Add(argument);
            }
            else if (sign >= 0)
            {
                // Joined to its name, a value may look like an option.
                string value = argument[(sign + 1)..];
                read.AddRange(value.Length == 0 ? [name, ""] : [argument]);
                error = value.Length == 0 ? WhyNotEmpty(option, mayBeEmpty) : null;
            }
            else if (!TakesValue(option))
            {
                read.Add(name);
            }
            else
            {
                string? value = i + 1 < arguments.Count ? arguments[++i] : null;
                read.AddRange([name, value ?? ""]);
                error = value is null ? $"{name} needs a value."
                    : known.ContainsKey(value.Split('=')[0])
                        ? $"{name} needs a value, and {value} is an option. Write {name}={value} if it is the value."
                    : value.Length == 0 ? WhyNotEmpty(option, mayBeEmpty)
                    : null;
            }
        }

        return read;
    }

    private static string? WhyNotEmpty(Option option, IReadOnlyList<string> mayBeEmpty) =>
        !TakesValue(option) ? $"{option.Name} takes no value."
        : mayBeEmpty.Contains(option.Name) ? null
        : $"{option.Name} needs a value, and it is empty.";

    private static bool TakesValue(Option option) =>
        option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;
}
