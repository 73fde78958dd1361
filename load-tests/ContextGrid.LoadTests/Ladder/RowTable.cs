using System.Globalization;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>Makes a table for people of the JSON lines on the standard input; other lines are left out.</summary>
internal static class RowTable
{
    internal static void Print()
    {
        var rows = new List<Row>();
        while (Console.In.ReadLine() is { } line)
        {
            if (Row.Parse(line) is { } row)
            {
                rows.Add(row);
            }
        }

        Console.Out.WriteLine("| rung | what | figure | aim | rival in the same run |");
        Console.Out.WriteLine("|---|---|---|---|---|");
        foreach (Row row in rows)
        {
            string rival = row.RivalValue is { } theirs ? $"{Text(theirs)} ({row.Rival})" : "";
            string ours = row.Value is { } value ? Text(value) : "";
            Console.Out.WriteLine($"| {row.Rung} | {row.What}, {row.Unit} | {ours} | {row.Aim} | {rival} |");
        }
    }

    /// <summary>Three significant digits, which is more than a shared machine repeats.</summary>
    internal static string Text(double value)
    {
        double magnitude = Math.Abs(value);
        return magnitude == 0 ? "0"
            : magnitude < 100 ? value.ToString(magnitude < 1 ? "0.###" : magnitude < 10 ? "0.##" : "0.#", Culture)
            : Rounded(value).ToString("#,0", Culture);
    }

    private static CultureInfo Culture => CultureInfo.InvariantCulture;

    private static double Rounded(double value)
    {
        double unit = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) - 2);
        return Math.Round(value / unit) * unit;
    }
}
