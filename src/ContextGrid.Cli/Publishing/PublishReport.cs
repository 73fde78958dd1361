using ContextGrid.Cli.Output;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Publishing;

/// <summary>Tells how a publish went: what was not taken, how far it came, how fast it was.</summary>
public static class PublishReport
{
    /// <summary>Writes the report; what was not taken goes to stderr for people and to stdout for programs.</summary>
    /// <param name="console">Where.</param>
    /// <param name="json">Whether programs read it.</param>
    /// <param name="publisher">The run.</param>
    /// <param name="finished">Whether everything was sent and answered.</param>
    /// <param name="isSure">Whether what was not acknowledged is certainly not published.</param>
    public static void Write(CliConsole console, bool json, Publisher publisher, bool finished, bool isSure)
    {
        var (tally, seconds) = (publisher.Tally, publisher.Elapsed.TotalSeconds);
        if (json)
            WriteJson(console.Out, tally, seconds, finished);
        else
            WriteText(console, tally, publisher.Elapsed, finished || (isSure && tally.Accepted == 0));
    }

    private static void WriteText(CliConsole console, PublishTally tally, TimeSpan elapsed, bool isAllTold)
    {
        foreach (var line in tally.Listed)
            console.Error.WriteLine($"line {line.Line}: {line.Reason}: {Units.Printable(line.Message)}");
        var more = tally.Refused + tally.DeadLettered - tally.Listed.Count;
        if (more > 0)
            console.Error.WriteLine($"… and {Units.Count(more)} more.");
        var kept = tally.DeadLettered > 0 ? $", {Units.Count(tally.DeadLettered)} kept as dead letters" : "";
        var rate = Units.Count((long)(tally.Accepted / elapsed.TotalSeconds));
        console.Out.WriteLine($"{Units.Count(tally.Accepted, "event")} published, {Units.Count(tally.Refused)} refused"
            + $"{kept}; {Units.Duration(elapsed)}, {rate} events/s");
        foreach (var sentence in tally.Ids.Sentences())
            console.Out.WriteLine(sentence);
        console.Out.WriteLine($"last acknowledged line: {tally.AcknowledgedLine}");
        if (!isAllTold)
        {
            console.Error.WriteLine($"Continue with --from {tally.AcknowledgedLine + 1}. Events after the last "
                + "acknowledged line may be published already; they count once where the definition names an id.");
        }
    }

    private static void WriteJson(TextWriter output, PublishTally tally, double seconds, bool finished)
    {
        foreach (var line in tally.Listed)
        {
            JsonLine.Write(output, json =>
            {
                json.WriteNumber("line", line.Line);
                json.WriteString("reason", line.Reason);
                json.WriteString("message", line.Message);
                json.WriteBoolean("dead_letter", line.IsDeadLetter);
            });
        }

        JsonLine.Write(output, json =>
        {
            json.WriteNumber("published", tally.Accepted);
            json.WriteNumber("refused", tally.Refused);
            json.WriteNumber("dead_letters", tally.DeadLettered);
            json.WriteNumber("duplicates", tally.Ids.Duplicates);
            json.WriteNumber("id_conflicts", tally.Ids.Conflicts);
            json.WriteNumber("ids_on_other_partition", tally.Ids.OnOtherPartition);
            json.WriteNumber("ids_not_known", tally.Ids.Scope == IdScope.None ? 0 : tally.Ids.Unknown);
            json.WriteString("id_scope", tally.Ids.Scope.ToString().ToLowerInvariant());
            json.WriteNumber("last_acknowledged_line", tally.AcknowledgedLine);
            json.WriteBoolean("finished", finished);
            json.WriteNumber("seconds", Math.Round(seconds, 3));
            json.WriteNumber("events_per_second", Math.Round(tally.Accepted / seconds));
        });
    }
}
