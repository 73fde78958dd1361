using ContextGrid.Core.Expressions;

namespace ContextGrid.Core.Definitions;

/// <summary>Reads and writes what follows <c>over</c>.</summary>
internal sealed class WindowParser(TokenCursor cursor)
{
    // Limits of state: a tile is at least a second, and the tiles of one window are held in memory.
    private const long SizeMsMin = 1_000;
    private const long SizeMsMax = 400L * 86_400_000;
    private const int TilesMax = 512;

    private static readonly string[] Kinds = ["tumbling", "hopping", "session"];

    /// <summary>The window as written behind the aggregate: empty for lifetime, else <c> over …</c>.</summary>
    internal static string Print(WindowDefinition window)
    {
        string size = DurationText.Print(window.SizeMs);
        return window.Kind switch
        {
            WindowKind.Lifetime => "",
            WindowKind.Tumbling => $" over tumbling {size}",
            WindowKind.Hopping => $" over hopping {size} every {DurationText.Print(window.TileMs)}",
            WindowKind.Session => $" over session {size}",
            _ when window.Exact => $" over {size} exact",
            _ when window.TileMs == TileSize.For(window.SizeMs) => $" over {size}",
            _ => $" over {size} resolution {DurationText.Print(window.TileMs)}",
        };
    }

    /// <summary>Parses the window, its <c>over</c> being taken already.</summary>
    internal WindowDefinition Parse()
    {
        Token kind = cursor.Current;
        if (kind.Kind != TokenKind.Name)
        {
            return Sliding(Size("the window"));
        }

        cursor.Take();
        switch (kind.Text)
        {
            case "tumbling":
                long size = Size("the window");
                return new WindowDefinition(WindowKind.Tumbling, size, size, false);
            case "hopping":
                return Hopping(Size("the window"));
            case "session":
                long gap = Size("the gap");
                return new WindowDefinition(WindowKind.Session, gap, gap, false);
        }

        cursor.FailAt(kind, $"found '{kind.Text}' after 'over'; expected a duration such as 5m, or "
            + $"tumbling, hopping or session{NearestName.Suggest(kind.Text, Kinds)}");
        return WindowDefinition.Lifetime;
    }

    private WindowDefinition Sliding(long size)
    {
        if (cursor.TryTakeWord("exact"))
        {
            return new WindowDefinition(WindowKind.Sliding, size, TileSize.For(size), true);
        }

        long tile = TileSize.For(size);
        Token at = cursor.Following;
        if (cursor.TryTakeWord("resolution"))
        {
            tile = Size("the resolution");
            if (tile > size)
            {
                cursor.Errors.Meaning(at.Offset, $"the resolution {at.Text} is longer than the window "
                    + DurationText.Print(size));
            }
            else
            {
                LimitTiles(at, size, tile, "resolution");
            }
        }

        return new WindowDefinition(WindowKind.Sliding, size, tile, false);
    }

    private WindowDefinition Hopping(long size)
    {
        if (!cursor.TryTakeWord("every"))
        {
            cursor.Fail($"found {cursor.Current.Described}; expected 'every' and a duration after the hopping window");
            return WindowDefinition.Lifetime;
        }

        Token at = cursor.Current;
        long hop = Size("the hop");
        if (hop > 0 && size % hop != 0)
        {
            cursor.Errors.Meaning(
                at.Offset, $"the window {DurationText.Print(size)} is not a multiple of the hop {at.Text}");
        }
        else if (hop > 0)
        {
            LimitTiles(at, size, hop, "hop");
        }

        return new WindowDefinition(WindowKind.Hopping, size, hop, false);
    }

    private void LimitTiles(Token at, long size, long tile, string what)
    {
        long tiles = (size + tile - 1) / tile;
        if (tiles > TilesMax)
        {
            cursor.Errors.Meaning(at.Offset, $"the {what} {at.Text} cuts the window {DurationText.Print(size)} into "
                + $"{tiles} tiles; at most {TilesMax} are allowed");
        }
    }

    private long Size(string what)
    {
        Token token = cursor.Current;
        if (token.Kind != TokenKind.Duration)
        {
            cursor.Fail($"found {token.Described}; expected a duration such as 5m as {what}");
            return SizeMsMin;
        }

        cursor.Take();
        if (DurationText.TryParse(token.Text, out long size) && size is >= SizeMsMin and <= SizeMsMax)
        {
            return size;
        }

        cursor.Errors.Meaning(token.Offset, $"{what} of {token.Text} is out of range; allowed are 1s to 400d");
        return SizeMsMin;
    }
}
