using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Finds where each character of a scalar's content stands in the file, so that errors inside a feature line point at
/// the offending word also when the scalar is quoted, folded over lines or a block.
/// </summary>
internal static class YamlPlaces
{
    /// <summary>
    /// The place of each UTF-16 unit of the content; empty when they stand in one piece behind the start.
    /// </summary>
    internal static ImmutableArray<DefinitionPlace> Of(Scalar scalar, DefinitionPlace start, string text)
    {
        int at = (int)scalar.Start.Index;
        bool inOnePiece = scalar.Style == ScalarStyle.Plain && scalar.Start.Line == scalar.End.Line;
        if (inOnePiece || scalar.Value.Length == 0 || at >= text.Length)
        {
            return [];
        }

        var cursor = new SourceCursor(text, at, start);
        if (scalar.Style is ScalarStyle.Literal or ScalarStyle.Folded)
        {
            cursor.SkipLine();
        }
        else if (scalar.Style is ScalarStyle.DoubleQuoted or ScalarStyle.SingleQuoted)
        {
            cursor.Advance(1);
        }

        return Align(scalar, cursor);
    }

    /// <summary>Walks through the source and the content side by side.</summary>
    private static ImmutableArray<DefinitionPlace> Align(Scalar scalar, SourceCursor cursor)
    {
        var places = ImmutableArray.CreateBuilder<DefinitionPlace>(scalar.Value.Length);
        bool inBlank = false;
        foreach (char c in scalar.Value)
        {
            bool isBlank = c is ' ' or '\n' or '\t' or '\r';
            if (!isBlank)
            {
                cursor.SkipBlanks();
            }

            places.Add(cursor.Place);
            if (isBlank && !inBlank && cursor.IsBlank)
            {
                cursor.SkipBlanks();
            }
            else if (!isBlank)
            {
                cursor.Advance(Length(scalar.Style, cursor));
            }

            inBlank = isBlank;
        }

        return places.MoveToImmutable();
    }

    /// <summary>How many characters of the source make one of the content.</summary>
    private static int Length(ScalarStyle style, SourceCursor cursor) =>
        (style, cursor.Current, cursor.Following) switch
    {
        (ScalarStyle.SingleQuoted, '\'', '\'') => 2,
        (ScalarStyle.DoubleQuoted, '\\', 'x') => 4,
        (ScalarStyle.DoubleQuoted, '\\', 'u') => 6,
        (ScalarStyle.DoubleQuoted, '\\', 'U') => 10,
        (ScalarStyle.DoubleQuoted, '\\', _) => 2,
        _ => 1,
    };

    private sealed class SourceCursor(string text, int at, DefinitionPlace place)
    {
        internal DefinitionPlace Place { get; private set; } = place;

        internal char Current => at < text.Length ? text[at] : '\0';

        internal char Following => at + 1 < text.Length ? text[at + 1] : '\0';

        internal bool IsBlank => Current is ' ' or '\n' or '\t' or '\r';

        internal void Advance(int count)
        {
            for (; count > 0 && at < text.Length; count--, at++)
            {
                Place = text[at] == '\n'
                    ? Place with { Line = Place.Line + 1, Column = 1 }
                    : Place with { Column = Place.Column + 1 };
            }
        }

        internal void SkipBlanks()
        {
            while (IsBlank)
            {
                Advance(1);
            }
        }

        internal void SkipLine()
        {
            while (at < text.Length && Current != '\n')
            {
                Advance(1);
            }

            Advance(1);
        }
    }
}
