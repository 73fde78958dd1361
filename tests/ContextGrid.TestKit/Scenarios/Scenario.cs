using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.TestKit.Scenarios;

/// <summary>
/// Definitions and a stream of one entity's events, in an order in which they may arrive: the offsets of each partition
/// ascend.
/// </summary>
/// <param name="Seed">What it was made from.</param>
/// <param name="Entity">The definitions.</param>
/// <param name="Events">The events in order of arrival.</param>
public sealed record Scenario(int Seed, OracleEntity Entity, ImmutableArray<OracleEvent> Events)
{
    /// <summary>The key of the one entity.</summary>
    public const string Key = "u1";

    /// <summary>The declared fields of every event, with their types in the language.</summary>
    public static ImmutableArray<(string Name, string Type)> Fields { get; } =
    [
        ("user", "string"), ("amount", "double"), ("qty", "int64"), ("merchant", "string"), ("country", "string"),
        ("flag", "bool"), ("at", "timestamp(ms)"),
    ];

    /// <summary>The events and their topics; the topics' order is not that of the events.</summary>
    public static ImmutableArray<(string Event, string Topic)> Topics { get; } =
        [("payment", "sales"), ("refund", "returns")];

    /// <summary>The definitions as a file.</summary>
    public string ToYaml() => ToYaml([Entity]);

    /// <summary>Definitions of the events and of some types of entities as a file.</summary>
    public static string ToYaml(IEnumerable<OracleEntity> entities)
    {
        var yaml = new StringBuilder("version: 1\nevents:\n");
        foreach ((string name, string topic) in Topics)
        {
            string fields = string.Join(", ", Fields.Select(f => $"{f.Name}: {f.Type}"));
            yaml.Append(CultureInfo.InvariantCulture, $"  {name}: {{topic: {topic}, fields: {{{fields}}}}}\n");
        }

        yaml.Append("entities:\n");
        foreach (OracleEntity entity in entities)
        {
            Append(yaml, entity);
        }

        return yaml.ToString();
    }

    /// <summary>Definitions and events, for messages.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"seed {Seed}\n{ToYaml()}");
        foreach (OracleEvent e in Events)
        {
            string fields = string.Join(", ", e.Fields.Select(f => $"{f.Key}: {OracleText.Of(f.Value)}"));
            text.Append(CultureInfo.InvariantCulture,
                $"{e.TimeMs} {e.EventName} {e.Topic}/{e.Partition}@{e.Offset} {{{fields}}}\n");
        }

        return text.ToString();
    }
    private static void Append(StringBuilder yaml, OracleEntity entity)
    {
        IEnumerable<string> sources = entity.Sources.Select(s => $"{s.Key}: {s.Value}");
        string from = string.Join(", ", sources.Order(StringComparer.Ordinal));
        yaml.Append(CultureInfo.InvariantCulture, $"  {entity.Name}:\n    from: {{{from}}}\n");
        yaml.Append(entity.TtlMs > 0 ? $"    ttl: {OracleWindow.Text(entity.TtlMs)}\n" : "");
        yaml.Append("    features:\n");
        foreach (OracleFeature feature in entity.Features)
        {
            string text = feature.ToText().Replace("'", "''", StringComparison.Ordinal);
            yaml.Append(CultureInfo.InvariantCulture, $"      {feature.Name}: '{text}'\n");
        }
    }
}
