using ContextGrid.Client;

namespace ContextGrid.Cli.Publishing;

/// <summary>What became of the events so far. Written by the reader of answers only.</summary>
/// <param name="fromLine">The first line that is sent.</param>
public sealed class PublishTally(long fromLine)
{
    private const int ListedMax = 10;

    /// <summary>Events that are durable.</summary>
    public long Accepted { get; private set; }

    /// <summary>Events that were refused; nothing of them is kept.</summary>
    public long Refused { get; private set; }

    /// <summary>Events that were not valid and are kept among the dead letters.</summary>
    public long DeadLettered { get; private set; }

    /// <summary>What the ids of published events told, as far as the server said so.</summary>
    public IdCounts Ids { get; } = new();

    /// <summary>The last line up to which every event has been answered.</summary>
    public long AcknowledgedLine { get; private set; } = fromLine - 1;

    /// <summary>The first events that were not taken.</summary>
    public List<RefusedLine> Listed { get; } = [];

    /// <summary>Counts an answer.</summary>
    public void Add(LineBatch batch, PublishResult result)
    {
        Accepted += result.Accepted;
        Ids.Add(result);
        foreach (var refused in result.Refused)
            Add(new RefusedLine(
                batch.LineOf(refused.Index), refused.Reason, refused.Message, refused.DeadLetter is not null));
        AcknowledgedLine = batch.LastLine;
    }

    /// <summary>Counts a line that is not sent at all.</summary>
    public void Add(RefusedLine line)
    {
        if (line.IsDeadLetter)
            DeadLettered++;
        else
            Refused++;
        if (Listed.Count < ListedMax)
            Listed.Add(line);
    }

    /// <summary>Counts lines at the end of the input that held no event.</summary>
    public void Finish(long lastLine) => AcknowledgedLine = Math.Max(AcknowledgedLine, lastLine);
}

/// <summary>An event that was not taken.</summary>
/// <param name="Line">The number of its line, from 1.</param>
/// <param name="Reason">A stable code.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="IsDeadLetter">Whether it is kept among the dead letters.</param>
public readonly record struct RefusedLine(long Line, string Reason, string Message, bool IsDeadLetter);
