using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Output;

/// <summary>Entities as tables for people, with what the answer reflects below.</summary>
public static class ContextTable
{
    private static readonly string[] Columns = ["feature", "value", "age", "status", "event time"];

    /// <summary>Writes a table an entity.</summary>
    public static void Write(CliConsole console, ContextResult answer)
    {
        foreach (var entity in answer.Entities)
        {
            console.Out.WriteLine(Units.Printable($"{entity.Id.Type} {entity.Id.Key}") + Summary(entity));
            TextTable.Write(console, Columns, entity.Select(Row));
            WriteFooter(console.Out, entity);
        }

        // What is in order takes one line, so that what is not stands out.
        var behind = answer.Sources.Where(s => s.LagRecords > 0 || s.Gaps.Count > 0).ToArray();
        foreach (var source in behind)
            console.Out.WriteLine(Source(source));
        var current = answer.Sources.Count - behind.Length;
        if (current > 0)
            console.Out.WriteLine($"sources    {Units.Count(current, "partition")} caught up");
    }

    /// <summary>A source partition in one line.</summary>
    public static string Source(SourceStatus source)
    {
        var lag = source.LagRecords == 0
            ? "caught up"
            : $"{Units.Count(source.LagRecords, "record")}, {Units.Duration(source.LagMs)} behind";
        var gaps = source.Gaps.Count == 0
            ? ""
            : ", gaps " + string.Join(", ", source.Gaps.Select(g => $"{g.First}–{g.Last}"));
        return $"source     {source.Topic}/{source.Partition} applied to {source.AppliedOffset}, {lag}{gaps}";
    }

    private static string[] Row(FeatureValue feature) =>
    [
        feature.Name,
        (feature.IsApproximate ? "≈ " : "") + Units.Value(feature.Value),
        feature.Age is { } age ? Units.Duration(age) : "-",
        Units.Status(feature.Status),
        Units.Time(feature.EventTime),
    ];

    // Such as ": 3 features: 2 PRESENT, 1 EXPIRED".
    private static string Summary(EntityResult entity)
    {
        var statuses = entity.GroupBy(f => f.Status).OrderByDescending(g => g.Count()).ThenBy(g => g.Key);
        return $": {Units.Count(entity.Count, "feature")}: "
            + string.Join(", ", statuses.Select(g => $"{g.Count()} {Units.Status(g.Key)}"));
    }

    private static void WriteFooter(TextWriter output, EntityResult entity)
    {
        output.WriteLine($"head       {Units.Time(entity.Head)}, definition version {entity.DefinitionVersion}");
        output.WriteLine(entity.NewestEvent is { } newest
            ? $"newest     {Units.Time(newest)}, {Units.Duration((entity.Head - newest).Duration())} "
                + (newest > entity.Head ? "after the head: it waits" : "before the head")
            : "newest     never seen: no event of this entity has been applied");
        if (entity.Positions.Count > 0)
        {
            output.WriteLine("positions  " + string.Join(
                ", ", entity.Positions.Select(p => $"{p.Topic}/{p.Partition}@{p.Offset}")));
        }

        foreach (var reason in entity.Degraded)
            output.WriteLine($"DEGRADED   {Units.Printable(reason)}");
        foreach (var unknown in entity.Where(f => f.Status == FeatureStatus.UnknownFeature))
            output.WriteLine($"unknown    {Units.Printable(unknown.Name)}: 'contextgrid definitions list' names all");
    }
}
