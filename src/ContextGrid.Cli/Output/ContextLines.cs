using ContextGrid.Client;

namespace ContextGrid.Cli.Output;

/// <summary>Changes of entities, a line each, as they scroll by.</summary>
public static class ContextLines
{
    /// <summary>Writes one line a changed entity: head, entity, and what it has.</summary>
    public static void Write(TextWriter output, ContextChange change)
    {
        foreach (var entity in change.Context.Entities)
        {
            var features = entity.Select(f => f.Status == Contracts.V1.FeatureStatus.Present
                ? $"{f.Name}={Units.Value(f.Value)}"
                : $"{f.Name}={Units.Value(f.Value)} ({Units.Status(f.Status)})");
            var name = Units.Printable($"{entity.Id.Type} {entity.Id.Key}");
            output.WriteLine($"{Units.Time(entity.Head)}  {name}  {string.Join("  ", features)}");
        }
    }
}
