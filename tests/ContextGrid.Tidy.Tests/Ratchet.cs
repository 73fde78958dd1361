using System.Globalization;

namespace ContextGrid.Tidy.Tests;

/// <summary>
/// A list of what is over a limit for the time being: a line has a name, a blank and the number that it may have. What
/// is not listed keeps to the limit. A list only shrinks: lines go, and numbers fall. With CONTEXTGRID_TIDY_WRITE=1 the
/// lists are written anew, for a reviewer to see in the difference that they shrank.
/// </summary>
internal static class Ratchet
{
    /// <summary>Says what is wrong, a sentence each: too large and not listed, grown, or listed without need.</summary>
    public static List<string> Check(string list, IReadOnlyDictionary<string, int> numbers, int limit, int limitHard)
    {
        string path = Path.Combine("tests", "ContextGrid.Tidy.Tests", list);
        if (Environment.GetEnvironmentVariable("CONTEXTGRID_TIDY_WRITE") == "1")
        {
            Write(path, numbers.Where(pair => pair.Value > limit));
        }

        Dictionary<string, int> allowed = Read(path);
        var wrong = new List<string>();
        foreach ((string name, int number) in numbers.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            int most = Math.Min(limitHard, allowed.GetValueOrDefault(name, limit));
            if (number > most)
            {
                wrong.Add($"{name} has {number}; {most} are allowed.");
            }
        }

        foreach ((string name, _) in allowed.Where(pair => numbers.GetValueOrDefault(pair.Key) <= limit))
        {
            wrong.Add($"{name} needs no place in {list} any more. Take its line out.");
        }

        return wrong;
    }

    private static Dictionary<string, int> Read(string path)
    {
        var allowed = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string line in Repository.Lines(path).Where(line => line.Length > 0 && line[0] != '#'))
        {
            int blank = line.LastIndexOf(' ');
            allowed[line[..blank]] = int.Parse(line.AsSpan(blank + 1), CultureInfo.InvariantCulture);
        }

        return allowed;
    }

    private static void Write(string path, IEnumerable<KeyValuePair<string, int>> over)
    {
        string heading = Repository.Lines(path).First(line => line.StartsWith('#'));
        IEnumerable<string> lines = over.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => $"{pair.Key} {pair.Value.ToString(CultureInfo.InvariantCulture)}");
        File.WriteAllText(Path.Combine(Repository.Root, path), string.Join('\n', lines.Prepend(heading)) + "\n");
    }
}
