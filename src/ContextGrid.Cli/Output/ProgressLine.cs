using System.Globalization;

namespace ContextGrid.Cli.Output;

/// <summary>One line on the terminal that tells how far something is; nothing where stderr is no terminal.</summary>
/// <param name="console">Where it is shown.</param>
public sealed class ProgressLine(CliConsole console)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private long? _shownAt;

    /// <summary>Shows how far it is, at most ten times a second.</summary>
    /// <param name="done">How much is done.</param>
    /// <param name="total">How much there is to do; 0: nothing.</param>
    /// <param name="text">Writes a number of them.</param>
    public void Show(long done, long total, Func<long, string> text)
    {
        var clock = console.Clock;
        if (!console.ErrorIsTerminal || (_shownAt is { } last && clock.GetElapsedTime(last) < Interval))
            return;
        _shownAt = clock.GetTimestamp();
        console.Error.Write($"\r{Percent(done, total),5}  {text(done)} of {text(total)}\u001b[K");
        console.Error.Flush();
    }

    /// <summary>Clears the line.</summary>
    public void Clear()
    {
        if (_shownAt is not null)
            console.Error.Write("\r\u001b[K");
    }

    /// <summary>How far it is, such as "43 %".</summary>
    /// <param name="done">How much is done.</param>
    /// <param name="total">How much there is to do; 0: nothing.</param>
    public static string Percent(long done, long total) =>
        string.Create(CultureInfo.InvariantCulture, $"{(total == 0 ? 100 : 100.0 * done / total):0} %");
}
