using System.Globalization;
using System.Text;
using System.Text.Json;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Cli.Scaffolding;

/// <summary>Writes a definition in YAML.</summary>
internal static class DefinitionSketch
{
    private static readonly string[] Personal = ["email", "phone", "ip", "iban", "ssn", "birthday", "surname"];

    /// <summary>The definition's text.</summary>
    internal static string Write(
        string topic, EventFormat format, IReadOnlyList<FieldSketch> fields, FieldRoles roles)
    {
        var yaml = new StringBuilder();
        yaml.Append("# A proposal: keep the features that you need, and check key, id and timestamp.\n");
        yaml.Append("version: 1\nevents:\n");
        yaml.Append(CultureInfo.InvariantCulture, $"  {roles.Event}:\n    topic: {Quote(topic)}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"    format: {format.ToString().ToLowerInvariant()}\n");
        AppendTime(yaml, roles.Time);
        Append(yaml, "id", roles.Id);
        Append(yaml, "key", roles.Keys[0]);
        yaml.Append("    fields:\n");
        foreach (var field in fields)
        {
            // Only a timestamp takes fractions of a second as a time.
            var isTime = field == roles.Time && field.Type == ValueKind.Double;
            var type = isTime ? $"timestamp({TimeUnits.Word(field.Unit)})" : TypeName(field.Type);
            yaml.Append(CultureInfo.InvariantCulture, $"      {Quote(field.Name)}: {type}\n");
        }

        var personal = fields.Where(f => Names.EndsWithAny(f.Name, Personal)).ToArray();
        yaml.Append(personal.Length > 0 ? "    classes:\n" : "");
        foreach (var field in personal)
            yaml.Append(CultureInfo.InvariantCulture, $"      {Quote(field.Name)}: pii\n");
        yaml.Append("entities:\n");
        var entities = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in roles.Keys)
            AppendEntity(yaml, roles, key, Free(entities, Names.ToName(Names.WithoutId(Names.Snake(key)), "entity")));
        return yaml.ToString();
    }

    private static void AppendEntity(StringBuilder yaml, FieldRoles roles, string key, string name)
    {
        yaml.Append(CultureInfo.InvariantCulture, $"  {name}:\n    from: {{{roles.Event}: {Quote(key)}}}\n");
        yaml.Append("    ttl: 90d\n    features:\n");
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (feature, line) in Features(roles, key))
        {
            var text = Quote($"{roles.Event} | {line}");
            yaml.Append(CultureInfo.InvariantCulture, $"      {Free(taken, feature)}: {text}\n");
        }
    }

    private static IEnumerable<(string Name, string Line)> Features(FieldRoles roles, string key)
    {
        foreach (var window in new[] { "5m", "1h", "1d" })
            yield return ($"{roles.Event}s_{window}", $"count() over {window}");
        foreach (var (name, field) in Named(roles.Sums))
        {
            yield return ($"{name}_sum_1h", $"sum({field}) over 1h");
            yield return ($"{name}_avg_1d", $"avg({field}) over 1d");
            yield return ($"{name}_p95_7d", $"quantile({field}, 0.95) over 7d");
        }

        foreach (var (name, field) in Named(roles.Others.Concat(roles.Keys.Where(k => k != key))))
            yield return ($"{Names.WithoutId(name)}_distinct_1d", $"distinct({field}) over 1d");
        foreach (var (name, field) in Named(roles.Groups))
        {
            yield return ($"by_{name}_1d", $"count() by {field} top 5 over 1d");
            yield return ($"last_{name}", $"last({field})");
        }

        foreach (var (name, field) in Named(roles.Flags))
            yield return ($"{name}_1d", $"count() over 1d where {field}");
    }

    private static IEnumerable<(string Name, string Field)> Named(IEnumerable<string> fields) =>
        fields.Select(f => (Names.ToName(f, "field"), Names.InExpression(f)));

    private static string Free(HashSet<string> taken, string name)
    {
        var free = name;
        for (var i = 2; !taken.Add(free); i++)
            free = string.Create(CultureInfo.InvariantCulture, $"{name}_{i}");
        return free;
    }

    private static void Append(StringBuilder yaml, string key, string? field)
    {
        if (field is not null)
            yaml.Append(CultureInfo.InvariantCulture, $"    {key}: {Quote(field)}\n");
    }

    // The unit is proposed where the sample's numbers are none of milliseconds.
    private static void AppendTime(StringBuilder yaml, FieldSketch? time)
    {
        if (time is not { } field)
            return;
        if (field.Unit is TimeUnit.Unstated or TimeUnit.Milliseconds || field.Type == ValueKind.Double)
        {
            Append(yaml, "timestamp", field.Name);
            return;
        }

        var (unit, words) = (TimeUnits.Word(field.Unit), field.Unit.ToString().ToLowerInvariant());
        yaml.Append(CultureInfo.InvariantCulture, $"    timestamp: {{field: {Quote(field.Name)}, unit: {unit}}}")
            .Append(CultureInfo.InvariantCulture, $"  # the sample's numbers are {words}\n");
    }

    private static string TypeName(ValueKind type) => type.ToString().ToLowerInvariant();

    // A JSON text is a YAML text; words that mean nothing else in YAML need no quotes.
    private static string Quote(string text)
    {
        var isPlain = text.Length > 0 && char.IsAsciiLetter(text[0])
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
            && !new[] { "true", "false", "null", "yes", "no", "on", "off", "y", "n" }.Contains(text.ToLowerInvariant());
        return isPlain ? text : JsonSerializer.Serialize(text, Plain);
    }

    private static readonly JsonSerializerOptions Plain = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
