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

        foreach (DefinitionEntry entry in declared.Entries)
        {
            ValueKind type = FieldType(entry, out TimeUnit unit);
            fields.Add(new FieldDefinition(Name(entry.Key), type, null) { Unit = unit });
        }

        Classes(mapping, fields, what);
        return fields;
    }

    /// <summary>A field's name, checked.</summary>
    internal string Name(DefinitionScalar name)
    {
        bool good = name.Text.Length is > 0 and <= FieldNameCharactersMax
            && !name.Text.Any(c => c == '`' || char.IsControl(c));
        if (!good)
        {
            reader.Errors.Add(name.Place, $"'{name.Text}' cannot be the name of a field; it has 1 to "
                + $"{FieldNameCharactersMax} characters, without ` and control characters");
        }

        return name.Text;
    }

    private ValueKind FieldType(DefinitionEntry entry, out TimeUnit unit)
    {
        unit = TimeUnit.Unstated;
        if (reader.Scalar(entry.Value, $"the type of field '{entry.Key.Text}'") is not { } type)
        {
            return ValueKind.Null;
        }

        if (Unit(type, out unit) is { } timestamp)
        {
            return timestamp;
        }

        if (!TypeNames.TryParse(type.Text, out ValueKind kind))
        {
            reader.Errors.Add(type.Place, $"unknown type of field '{entry.Key.Text}': '{type.Text}'"
                + NearestName.Suggest(type.Text, TypeNames.Declarable));
        }

        return kind;
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
                + NearestName.Suggest(name.Text, fields.Select(f => f.Name)));
        }

        return index;
    }
}
