using System.Globalization;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>Pairs of --name and value.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    internal Arguments(ReadOnlySpan<string> args)
    {
        for (int i = 0; i + 1 < args.Length; i += 2)
        {
            _values[args[i].TrimStart('-')] = args[i + 1];
        }
    }

    /// <summary>The value of a name, or what it is when it was not given.</summary>
    internal string Text(string name, string otherwise) => _values.GetValueOrDefault(name, otherwise);

    /// <summary>The value of a name as a number.</summary>
    internal double Number(string name, double otherwise) =>
        _values.TryGetValue(name, out string? text) && double.TryParse(text, CultureInfo.InvariantCulture, out double n)
            ? n
            : otherwise;

    /// <summary>The value of a name as a count.</summary>
    internal int Count(string name, int otherwise) => (int)Number(name, otherwise);
}
