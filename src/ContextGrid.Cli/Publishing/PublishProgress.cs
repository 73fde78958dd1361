using System.Globalization;
using ContextGrid.Cli.Output;

namespace ContextGrid.Cli.Publishing;

/// <summary>One line on the terminal that tells how far a publish is; nothing where stderr is no terminal.</summary>
/// <param name="console">Where it is shown.</param>
/// <param name="input">Says how much is read.</param>
/// <param name="publisher">Says what is acknowledged.</param>
public sealed class PublishProgress(CliConsole console, InputFile input, Publisher publisher)
{
    private const int BarCells = 24;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private TimeSpan _shown = TimeSpan.MinValue;

    /// <summary>Shows the present state, at most ten times a second.</summary>
    public void Show()
    {
        var elapsed = publisher.Elapsed;
        if (!console.ErrorIsTerminal || (_shown != TimeSpan.MinValue && elapsed - _shown < Interval))
            return;
        _shown = elapsed;
        console.Error.Write($"\r{Text(elapsed)}\u001b[K");
        console.Error.Flush();
    }

    /// <summary>Clears the line.</summary>
    public void Clear()
    {
        if (_shown != TimeSpan.MinValue)
            console.Error.Write("\r\u001b[K");
    }

    private string Text(TimeSpan elapsed)
    {
        var done = publisher.Tally.Accepted;
        var rate = $"{Units.Count(done)} events, {Units.Count((long)(done / elapsed.TotalSeconds))}/s";
        if (input.Fraction is not { } fraction)
            return rate;
        var cells = (int)(fraction * BarCells);
        var bar = new string('█', cells) + new string('░', BarCells - cells);
        var left = fraction is > 0.01 and < 1 ? $", {Units.Duration(elapsed * ((1 - fraction) / fraction))} left" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{bar} {fraction * 100,3:0} %  {rate}{left}");
    }
}
