using System.Text;

namespace ContextGrid.Tidy.Tests;

/// <summary>C# with comments and the insides of texts turned into blanks; line breaks stay where they are.</summary>
internal static class SourceText
{
    public static string Blank(string source)
    {
        var result = new StringBuilder(source.Length);
        int at = 0;
        while (at < source.Length)
        {
            int end = SkippedEnd(source, at);
            if (end == at)
            {
                result.Append(source[at++]);
                continue;
            }

            for (; at < end; at++)
            {
                result.Append(source[at] == '\n' ? '\n' : ' ');
            }
        }

        return result.ToString();
    }

    private static int SkippedEnd(string source, int at)
    {
        ReadOnlySpan<char> rest = source.AsSpan(at);
        if (rest.StartsWith("//"))
        {
            return EndOf(source, "\n", at, keep: true);
        }

        if (rest.StartsWith("/*"))
        {
            return EndOf(source, "*/", at + 2, keep: false);
        }

        if (rest.StartsWith("\"\"\""))
        {
            string quotes = new('"', rest.Length - rest.TrimStart('"').Length);
            return EndOf(source, quotes, at + quotes.Length, keep: false);
        }

        bool verbatim = rest.StartsWith("@\"") || rest.StartsWith("$@\"") || rest.StartsWith("@$\"");
        return verbatim ? VerbatimEnd(source, source.IndexOf('"', at) + 1)
            : rest[0] == '"' ? LiteralEnd(source, at, '"')
            : rest[0] == '\'' ? LiteralEnd(source, at, '\'')
            : at;
    }

    private static int EndOf(string source, string mark, int from, bool keep)
    {
        int found = source.IndexOf(mark, from, StringComparison.Ordinal);
        return found < 0 ? source.Length : keep ? found : found + mark.Length;
    }

    private static int LiteralEnd(string source, int at, char quote)
    {
        for (int i = at + 1; i < source.Length; i++)
        {
            if (source[i] == '\\')
            {
                i++;
            }
            else if (source[i] == quote || source[i] == '\n')
            {
                return i + 1;
            }
        }

        return source.Length;
    }

    private static int VerbatimEnd(string source, int at)
    {
        for (int i = at; i < source.Length; i++)
        {
            if (source[i] == '"')
            {
                if (i + 1 >= source.Length || source[i + 1] != '"')
                {
                    return i + 1;
                }

                i++;
            }
        }

        return source.Length;
    }
}
