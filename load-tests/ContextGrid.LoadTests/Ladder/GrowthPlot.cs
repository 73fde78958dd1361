using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Draws the growth rows on the standard input as an SVG picture: a panel for each figure, over the number of users or
/// of features (--over). Places on the x axis are even, since the numbers grow by factors; y starts at zero.
/// </summary>
internal static partial class GrowthPlot
{
    private const int PanelWidth = 300, PanelHeight = 190, Columns = 3;
    private const int Left = 24, Right = 36, Top = 44, Bottom = 34;

    internal static void Print(Arguments arguments)
    {
        string over = arguments.Text("over", "users");
        var panels = new Dictionary<string, List<(long X, double Y)>>(StringComparer.Ordinal);
        while (Console.In.ReadLine() is { } line)
        {
            if (Row.Parse(line) is { Value: { } y } row && Place().Match(row.What) is { Success: true } place)
            {
                string title = $"{row.What[..place.Index]}, {row.Unit}";
                panels.TryAdd(title, []);
                panels[title].Add((long.Parse(place.Groups[over].ValueSpan, CultureInfo.InvariantCulture), y));
            }
        }

        Console.Out.WriteLine(Draw([.. panels], over));
    }

    private static string Draw(KeyValuePair<string, List<(long X, double Y)>>[] panels, string over)
    {
        int rows = (panels.Length + Columns - 1) / Columns;
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="11"
              viewBox="0 0 {Columns * PanelWidth} {rows * PanelHeight}" fill="#222">
            <rect width="100%" height="100%" fill="#fff"/>
            """);
        for (int i = 0; i < panels.Length; i++)
        {
            svg.AppendLine(CultureInfo.InvariantCulture,
                $"""<g transform="translate({i % Columns * PanelWidth} {i / Columns * PanelHeight})">""");
            DrawPanel(svg, panels[i].Key, panels[i].Value, over);
            svg.AppendLine("</g>");
        }

        return svg.Append("</svg>").ToString();
    }

    private static void DrawPanel(StringBuilder svg, string title, List<(long X, double Y)> points, string over)
    {
        points.Sort();
        double most = Math.Max(points.Max(p => p.Y), 1e-9);
        const int Floor = PanelHeight - Bottom, Height = Floor - Top, Width = PanelWidth - Left - Right;
        svg.AppendLine(CultureInfo.InvariantCulture, $"""
            <text x="{Left}" y="20" font-weight="bold">{title}</text>
            <line x1="{Left}" y1="{Floor}" x2="{PanelWidth - 12}" y2="{Floor}" stroke="#999"/>
            """);
        var path = new StringBuilder();
        for (int i = 0; i < points.Count; i++)
        {
            double x = Left + 12 + (Width * (double)i / Math.Max(1, points.Count - 1));
            double y = Floor - (Height * points[i].Y / most);
            path.Append(CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#} ");
            svg.AppendLine(CultureInfo.InvariantCulture, $"""
                <circle cx="{x:0.#}" cy="{y:0.#}" r="3" fill="#1565c0"/>
                <text x="{x:0.#}" y="{y - 8:0.#}" text-anchor="middle">{RowTable.Text(points[i].Y)}</text>
                <text x="{x:0.#}" y="{Floor + 14}" text-anchor="middle">{points[i].X:#,0}</text>
                """);
        }

        svg.AppendLine(CultureInfo.InvariantCulture, $"""
            <polyline points="{path}" fill="none" stroke="#1565c0" stroke-width="1.5"/>
            <text x="{PanelWidth - 12}" y="{Floor + 28}" text-anchor="end" fill="#777">{over}</text>
            """);
    }

    [GeneratedRegex(", (?<features>[0-9]+) features, (?<users>[0-9]+) users$")]
    private static partial Regex Place();
}
