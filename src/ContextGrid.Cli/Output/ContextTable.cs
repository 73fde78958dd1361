using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Output;

/// <summary>Entities as tables for people, with what the answer reflects below.</summary>
public static class ContextTable
{
    private static readonly string[] Columns = ["feature", "value", "status", "event time", "age"];

    /// <summary>Writes a table an entity.</summary>
    public static void Write(CliConsole console, ContextResult answer)
    {
        foreach (var entity in answer.Entities)
        {
            console.Out.WriteLine(Units.Printable($"{entity.Id.Type} {entity.Id.Key}"));
            PeopleTable.Write(console, Columns, entity.Select(Row));
            WriteFooter(console.Out, entity);
        }

        foreach (var source in answer.Sources)
            console.Out.WriteLine(Source(source));
    }

    /// <summary>A source partition in one line.</summary>
    public static string Source(SourceStatus source)
    {
        var lag = source.LagRecords == 0
            ? "caught up"
            : $"{Units.Count(source.LagRecords)} records, {Units.Duration(source.LagMs)} behind";
        var gaps = source.Gaps.Count == 0
            ? ""
            : ", gaps " + string.Join(", ", source.Gaps.Select(g => $"{g.First}–{g.Last}"));
        return $"source {source.Topic}/{source.Partition} applied to {source.AppliedOffset}, {lag}{gaps}";
    }

    private static string[] Row(FeatureValue feature) =>
    [
        feature.Name,
        (feature.IsApproximate ? "≈ " : "") + Units.Value(feature.Value),
        Units.Status(feature.Status),
        Units.Time(feature.EventTime),
        feature.Age is { } age ? Units.Duration(age) : "-",
    ];

    private static void WriteFooter(TextWriter output, EntityResult entity)
    {
        output.WriteLine(
            $"head {Units.Time(entity.Head)}, definition version {entity.DefinitionVersion}, "
            + (entity.NewestEvent is { } newest ? $"newest event {Units.Time(newest)}" : "never seen"));
        if (entity.Positions.Count > 0)
        {
            output.WriteLine("positions " + string.Join(
                ", ", entity.Positions.Select(p => $"{p.Topic}/{p.Partition}@{p.Offset}")));
        }

        foreach (var reason in entity.Degraded)
            output.WriteLine($"degraded: {Units.Printable(reason)}");
    }
}
