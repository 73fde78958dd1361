namespace ContextGrid.Core.Expressions;

/// <summary>Finds what a misspelt name probably meant.</summary>
public static class NearestName
{
    // A candidate that needs more edits than a third of the name is a different word, not a slip.
    private const int LettersPerEdit = 3;

    /// <summary><c>; did you mean 'x'?</c>, or else the known names when they are few, or else nothing.</summary>
    /// <param name="found">What was written.</param>
    /// <param name="known">The names that would have been right; the first of equally near ones wins.</param>
    public static string Suggest(string found, IEnumerable<string> known)
    {
        string[] names = [.. known];
        string? best = null;
        int bestDistance = Math.Max(1, Math.Min(found.Length, 64) / LettersPerEdit) + 1;
        foreach (string name in names)
        {
            int distance = found.Length <= 64 && name.Length <= 64 ? Distance(found, name) : int.MaxValue;
            if (distance < bestDistance)
            {
                (best, bestDistance) = (name, distance);
            }
        }

        best ??= names.FirstOrDefault(n => IsPartOf(n, found));
        return best is not null ? $"; did you mean '{best}'?"
            : names.Length is > 0 and <= 12 ? "; known: " + string.Join(", ", names)
            : "";
    }

    /// <summary>Whether one name starts with the other, so that only a part of it was forgotten.</summary>
    private static bool IsPartOf(string name, string found) =>
        Math.Min(name.Length, found.Length) >= LettersPerEdit
        && (name.StartsWith(found, StringComparison.OrdinalIgnoreCase)
            || found.StartsWith(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// The optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours, ignoring
    /// case.
    /// </summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                rows[i, j] = i == 0 ? j : j == 0 ? i : Step(rows, a, b, i, j);
            }
        }

        return rows[a.Length, b.Length];
    }

    private static int Step(int[,] rows, string a, string b, int i, int j)
    {
        int replace = rows[i - 1, j - 1] + (Same(a[i - 1], b[j - 1]) ? 0 : 1);
        int best = Math.Min(replace, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
        bool swapped = i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]);
        return swapped ? Math.Min(best, rows[i - 2, j - 2] + 1) : best;
    }

    private static bool Same(char x, char y) => char.ToLowerInvariant(x) == char.ToLowerInvariant(y);
}
