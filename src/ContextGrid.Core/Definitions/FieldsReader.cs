using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>Reads the fields of an event with their classes.</summary>
internal sealed class FieldsReader(NodeReader reader)
{
    private const int FieldsMax = 1_000;
    private const int FieldNameCharactersMax = 256;

    /// <summary>The declared fields with their classes; what is wrong has a stand-in.</summary>
    internal List<FieldDefinition> Read(DefinitionMapping mapping, DefinitionScalar name, string what)
    {
        var fields = new List<FieldDefinition>();
        if (NodeReader.Find(mapping, "fields") is not { } node)
        {
            reader.Errors.Add(name.Place, $"{what} needs fields; add 'fields: {{NAME: TYPE, …}}'");
            return fields;
        }

        if (reader.Mapping(node, "'fields'") is not { } declared)
        {
            return fields;
        }

        if (declared.Entries.Length is 0 or > FieldsMax)
        {
            reader.Errors.Add(
                declared.Place, $"{what} has {declared.Entries.Length} fields; allowed are 1 to {FieldsMax}");
        }

        var alternatives = new List<(int Field, FieldSource Source, DefinitionPlace Place)>();
        foreach (DefinitionEntry entry in declared.Entries)
        {
            fields.Add(Field(entry, out List<FieldSource> others));
            alternatives.AddRange(others.Select(source => (fields.Count - 1, source, entry.Value.Place)));
        }

        CheckSources(declared, fields);
        foreach ((int field, FieldSource source, DefinitionPlace place) in alternatives)
        {
            AddAlternative(fields, field, source, place);
        }

        Classes(mapping, fields, what);
        return fields;
    }

    /// <summary>A field that has its name for its path, checked.</summary>
    internal FieldDefinition Field(DefinitionScalar name, ValueKind type)
    {
        CheckName(name);
        FieldSource source = FieldSource.OfName(name.Text, out string? error);
        if (error is not null)
        {
            reader.Errors.Add(name.Place, $"{error}, or write 'NAME: TYPE from PATH'");
        }

        return new FieldDefinition(name.Text, type, null) { Source = source };
    }

    /// <summary>Refuses a field that reads the place of another, or inside of it.</summary>
    internal void CheckSource(FieldDefinition field, IReadOnlyList<FieldDefinition> others, DefinitionPlace place)
    {
        foreach (FieldDefinition other in others)
        {
            if (!ReferenceEquals(other, field) && Clash(field, other) is { } clash)
            {
                reader.Errors.Add(place, clash);
                return;
            }
        }
    }

    private static string? Clash(FieldDefinition field, FieldDefinition other)
    {
        FieldSource mine = field.Source, its = other.Source;
        if (mine.Equals(its))
        {
            return $"the fields '{other.Name}' and '{field.Name}' both read {mine}; one is enough";
        }

        int common = mine.Path.AsSpan().CommonPrefixLength(its.Path.AsSpan());
        if (mine.IsHeader || its.IsHeader || common < Math.Min(mine.Path.Length, its.Path.Length))
        {
            return null;
        }

        (FieldDefinition outer, FieldDefinition inner) = common == mine.Path.Length ? (field, other) : (other, field);
        return $"the field '{outer.Name}' reads {outer.Source} as a value, and '{inner.Name}' reads inside of it; "
            + "a member is an object or a value (a member whose name has a dot stands in double quotes: "
            + $"'NAME: TYPE from \"{string.Join('.', inner.Source.Path)}\"')";
    }

    private void CheckName(DefinitionScalar name)
    {
        bool good = name.Text.Length is > 0 and <= FieldNameCharactersMax
            && !name.Text.Any(c => c == '`' || char.IsControl(c));
        if (!good)
        {
            reader.Errors.Add(name.Place, $"'{name.Text}' cannot be the name of a field; it has 1 to "
                + $"{FieldNameCharactersMax} characters, without ` and control characters");
        }
    }

    // TYPE, or TYPE from PATH, or TYPE from header NAME, or TYPE from one or another of these.
    private FieldDefinition Field(DefinitionEntry entry, out List<FieldSource> others)
    {
        others = [];
        if (reader.Scalar(entry.Value, $"the type of field '{entry.Key.Text}'") is not { } text)
        {
            return Field(entry.Key, ValueKind.Null);
        }

        int end = text.Text.IndexOfAny([' ', '\t']);
        DefinitionScalar type = end < 0 ? text : text with { Text = text.Text[..end] };
        ValueKind kind = FieldType(entry.Key, type, out TimeUnit unit);
        FieldDefinition field = end < 0 ? Field(entry.Key, kind) : SourcedField(entry.Key, kind, text, end, others);
        return field with { Unit = unit };
    }

    private ValueKind FieldType(DefinitionScalar name, DefinitionScalar type, out TimeUnit unit)
    {
        if (Unit(type, out unit) is { } timestamp)
        {
            return timestamp;
        }

        if (!TypeNames.TryParse(type.Text, out ValueKind kind))
        {
            reader.Errors.Add(type.Place, $"unknown type of field '{name.Text}': '{type.Text}'"
                + NearestName.Suggest(type.Text, TypeNames.Declarable));
        }

        return kind;
    }

    private FieldDefinition SourcedField(
        DefinitionScalar name, ValueKind type, DefinitionScalar text, int end, List<FieldSource> others)
    {
        CheckName(name);
        string rest = text.Text[end..].Trim();
        int at = text.Text.Length - text.Text[end..].TrimStart().Length;
        FieldSource? source = null;
        string? error = $"found '{rest}' after the type of field '{name.Text}'; write 'TYPE', 'TYPE from PATH' "
            + "or 'TYPE from header NAME'";
        if (rest.StartsWith("from ", StringComparison.Ordinal))
        {
            error = null;
            foreach (string place in FieldSource.SplitAlternatives(rest["from ".Length..]))
            {
                FieldSource? one = FieldSource.Parse(place, out string? wrong);
                error ??= wrong ?? (one is { IsHeader: true } && type == ValueKind.List
                    ? $"the header of field '{name.Text}' is one value; a list is read from the payload"
                    : null);
                if (one is not null && source is not null)
                {
                    others.Add(one);
                }

                source ??= one;
            }
        }

        if (error is not null)
        {
            reader.Errors.Add(text.At(at), error);
        }

        return new FieldDefinition(name.Text, type, null) { Source = source ?? FieldSource.OfName(name.Text) };
    }

    // A place that another field reads already is that field; else it becomes a field of its own, named by its path.
    private void AddAlternative(
        List<FieldDefinition> fields, int index, FieldSource source, DefinitionPlace place)
    {
        FieldDefinition field = fields[index];
        FieldDefinition? other = fields.Find(f => f.Source.Equals(source));
        if (other is null)
        {
            other = new FieldDefinition(source.Text, field.Type, field.DataClass)
            {
                Source = source, Unit = field.Unit,
            };
            CheckSource(other, fields, place);
            if (fields.Exists(f => f.Name == other.Name))
            {
                reader.Errors.Add(place, $"the field '{other.Name}' reads another place than its name says; declare "
                    + $"a field that reads {source}, or give that one another name");
            }

            fields.Add(other);
            if (fields.Count == FieldsMax + 1)
            {
                reader.Errors.Add(place, $"with the alternatives of its fields the event has more than {FieldsMax}");
            }
        }
        else if (other == field || other.Type != field.Type || other.Unit != field.Unit)
        {
            reader.Errors.Add(place, other == field
                ? $"the field '{field.Name}' reads {source} twice"
                : $"the fields '{field.Name}' and '{other.Name}' both read {source} and have other types");
        }

        fields[index] = field with { Alternatives = field.Alternatives.Add(other.Name) };
    }

    private void CheckSources(DefinitionMapping declared, List<FieldDefinition> fields)
    {
        // Only fields of one outermost member, or of one header, can clash.
        var groups = new Dictionary<string, List<FieldDefinition>>(StringComparer.Ordinal);
        for (int i = 0; i < fields.Count; i++)
        {
            string first = fields[i].Source.Path[0];
            if (!groups.TryGetValue(first, out List<FieldDefinition>? group))
            {
                groups.Add(first, group = []);
            }

            CheckSource(fields[i], group, declared.Entries[i].Key.Place);
            group.Add(fields[i]);
        }
    }

    // The type of 'timestamp(s)' with its unit; null: the text is none of this form.
    private ValueKind? Unit(DefinitionScalar type, out TimeUnit unit)
    {
        const string Start = "timestamp(";
        unit = TimeUnit.Unstated;
        if (!type.Text.StartsWith(Start, StringComparison.Ordinal) || type.Text[^1] != ')')
        {
            return null;
        }

        unit = reader.Unit(type with { Text = type.Text[Start.Length..^1] });
        return ValueKind.Timestamp;
    }

    private void Classes(DefinitionMapping mapping, List<FieldDefinition> fields, string what)
    {
        if (NodeReader.Find(mapping, "classes") is not { } node || reader.Mapping(node, "'classes'") is not { } classes)
        {
            return;
        }

        foreach (DefinitionEntry entry in classes.Entries)
        {
            int index = Find(entry.Key, fields, what);
            DefinitionScalar? dataClass = reader.Scalar(entry.Value, $"the class of field '{entry.Key.Text}'");
            if (dataClass is not null)
            {
                reader.CheckName(dataClass, "a data class");
            }

            if (index >= 0 && dataClass is not null)
            {
                fields[index] = fields[index] with { DataClass = dataClass.Text };
            }
        }
    }

    /// <summary>Index of the field of a name; −1, with an error, when there is none.</summary>
    internal int Find(DefinitionScalar name, List<FieldDefinition> fields, string what)
    {
        int index = fields.FindIndex(f => f.Name == name.Text);
        if (index < 0)
        {
            reader.Errors.Add(name.Place, $"unknown field of {what}: '{name.Text}'"
                + FieldDefinition.Suggest(name.Text, fields));
        }

        return index;
    }
}
