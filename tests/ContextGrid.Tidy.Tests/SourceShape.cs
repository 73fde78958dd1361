using System.Text.RegularExpressions;

namespace ContextGrid.Tidy.Tests;

/// <summary>The types and methods of a C# file, found by counting braces.</summary>
internal sealed partial class SourceShape
{
    private readonly string _text;
    private readonly List<Part> _types = [];
    private readonly List<Part> _methods = [];

    private SourceShape(string text) => _text = text;

    /// <summary>The types that are not inside another one.</summary>
    public IReadOnlyList<Part> Types => _types;

    /// <summary>Methods, constructors and operators of all types.</summary>
    public IReadOnlyList<Part> Methods => _methods;

    public static SourceShape Of(string source)
    {
        var shape = new SourceShape(SourceText.Blank(source));
        shape.Members(0, shape._text.Length, nested: false);
        return shape;
    }

    private void Members(int from, int to, bool nested)
    {
        int start = from;
        while (start < to)
        {
            int open = start;
            int depth = 0;
            while (open < to && !(depth == 0 && _text[open] is '{' or ';'))
            {
                depth += _text[open] is '(' or '[' ? 1 : _text[open] is ')' or ']' ? -1 : 0;
                open++;
            }

            if (open >= to)
            {
                return;
            }

            int end = _text[open] == ';' ? open : Match(open, to);
            Member(start, open, end, nested);
            start = end + 1;
        }
    }

    private void Member(int start, int open, int end, bool nested)
    {
        string header = Attributes().Replace(_text[start..open], match => new string(' ', match.Length));
        int first = start + (header.Length - header.TrimStart().Length);
        int lines = Lines(first, end);
        if (TypeHeader().Match(header) is { Success: true } type && !Before(header, '=', type.Index))
        {
            if (!nested)
            {
                _types.Add(new Part(type.Groups["name"].Value, type.Groups["kind"].Value, lines));
            }

            if (_text[open] == '{')
            {
                Members(open + 1, end, nested: true);
            }
        }
        else if (nested && MethodHeader().Match(header) is { Success: true } method)
        {
            _methods.Add(new Part(method.Groups["name"].Value, "method", lines));
        }
    }

    private int Match(int open, int to)
    {
        int depth = 0;
        for (int i = open; i < to; i++)
        {
            depth += _text[i] == '{' ? 1 : _text[i] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return i;
            }
        }

        return to - 1;
    }

    private int Lines(int first, int end) => _text.AsSpan(first, Math.Max(0, end - first)).Count('\n') + 1;

    private static bool Before(string header, char mark, int index) =>
        header.IndexOf(mark, StringComparison.Ordinal) is var at && at >= 0 && at < index;

    [GeneratedRegex(@"^\s*(\[[^\[\]]*(\[[^\[\]]*\][^\[\]]*)*\]\s*)+")]
    private static partial Regex Attributes();

    [GeneratedRegex(@"\b(?<kind>class|struct|interface|enum|record(?:\s+(?:struct|class))?)\s+(?<name>\w+)")]
    private static partial Regex TypeHeader();

    [GeneratedRegex(@"^[^=(]*?(?<name>[\w.]+|operator\s*\S+)\s*(<[^>(]*>)?\s*\(")]
    private static partial Regex MethodHeader();

    /// <summary>A type or a method, with the number of its lines, its documentation and attributes left out.</summary>
    internal sealed record Part(string Name, string Kind, int Lines);
}
