using System.Globalization;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Output;

/// <summary>One line on the terminal that tells how far a backup is; nothing where stderr is no terminal.</summary>
/// <param name="console">Where it is shown.</param>
public sealed class BackupProgressLine(CliConsole console)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private long? _shownAt;

    /// <summary>Shows an answer, at most ten times a second.</summary>
    public void Show(BackupResponse answer)
    {
        var clock = console.Clock;
        if (!console.ErrorIsTerminal || (_shownAt is { } last && clock.GetElapsedTime(last) < Interval))
            return;
        _shownAt = clock.GetTimestamp();
        var percent = answer.BytesTotal == 0 ? 100 : 100.0 * answer.BytesDone / answer.BytesTotal;
        console.Error.Write(string.Create(
            CultureInfo.InvariantCulture,
            $"\r{percent,3:0} %  {Units.Bytes(answer.BytesDone)} of {Units.Bytes(answer.BytesTotal)}\u001b[K"));
        console.Error.Flush();
    }

    /// <summary>Clears the line.</summary>
    public void Clear()
    {
        if (_shownAt is not null)
            console.Error.Write("\r\u001b[K");
    }
}
