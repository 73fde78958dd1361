using System.Text;
using ContextGrid.Core.Definitions;

namespace ContextGrid.Cli.Scaffolding;

/// <summary>Makes names that definitions take from names that producers chose.</summary>
internal static class Names
{
    private const int CharactersMax = 40;

    private static readonly string[] Reserved = ["and", "or", "not", "in", "true", "false", "null"];

    /// <summary>The telling part of a topic: the last but for a version.</summary>
    internal static string OfTopic(string topic)
    {
        var parts = topic.Split('.', '-').Where(p => p.Length > 0).ToList();
        while (parts.Count > 1 && parts[^1].Length > 1 && parts[^1][0] is 'v' && parts[^1][1..].All(char.IsAsciiDigit))
            parts.RemoveAt(parts.Count - 1);
        return ToName(parts.Count > 0 ? parts[^1] : topic, "event");
    }

    /// <summary>A plural without its s; others stay.</summary>
    internal static string Singular(string name) =>
        name.EndsWith("ies", StringComparison.Ordinal) && name.Length > 4 ? name[..^3] + "y"
        : name.EndsWith('s') && !name.EndsWith("ss", StringComparison.Ordinal) && name.Length > 2 ? name[..^1]
        : name;

    /// <summary>Lower case with underscores: <c>userId</c> and <c>user.id</c> are <c>user_id</c>.</summary>
    internal static string Snake(string name)
    {
        var snake = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var startsWord = char.IsAsciiLetterUpper(name[i]) && i > 0 && !char.IsAsciiLetterUpper(name[i - 1]);
            if ((startsWord || !char.IsAsciiLetterOrDigit(name[i])) && snake.Length > 0 && snake[^1] != '_')
                snake.Append('_');
            if (char.IsAsciiLetterOrDigit(name[i]))
                snake.Append(char.ToLowerInvariant(name[i]));
        }

        return snake.ToString().TrimEnd('_');
    }

    /// <summary>A name that a definition takes.</summary>
    internal static string ToName(string name, string otherwise)
    {
        var snake = Snake(name).TrimStart('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '_');
        snake = snake[..Math.Min(snake.Length, CharactersMax)].TrimEnd('_');
        return snake.Length == 0 ? otherwise : Reserved.Contains(snake) ? snake + "_" + otherwise : snake;
    }

    /// <summary>The last member of a path.</summary>
    internal static string Last(string field) => FieldSource.OfName(field).Path[^1];

    /// <summary>Whether a field is an id by its name.</summary>
    internal static bool IsId(string field) =>
        Snake(field) is var snake && (snake == "id" || EndsWithAny(snake, ["id", "uuid", "key", "no", "number"]));

    /// <summary>The thing that an id is of.</summary>
    internal static string WithoutId(string snake) =>
        snake.EndsWith("_id", StringComparison.Ordinal) ? snake[..^3] : snake;

    /// <summary>Whether the last word of a name is one of some.</summary>
    internal static bool EndsWithAny(string field, string[] words)
    {
        var snake = Snake(field);
        return words.Contains(snake[(snake.LastIndexOf('_') + 1)..], StringComparer.Ordinal);
    }

    /// <summary>A field in an expression: as it is, or in back-quotes.</summary>
    internal static string InExpression(string field)
    {
        var isPlain = !Reserved.Contains(field) && field.Split('.').All(part => part.Length > 0
            && !char.IsAsciiDigit(part[0]) && part.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'));
        return isPlain ? field : $"`{field}`";
    }
}
