using System.Globalization;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>Reads typed values from nodes; what is wrong becomes an error and a stand-in value.</summary>
internal sealed class NodeReader(DefinitionErrors errors, TimeParser times)
{
    internal const int NameCharactersMax = 63;
    private const int TopicCharactersMax = 249;

    /// <summary>Where errors go.</summary>
    internal DefinitionErrors Errors => errors;

    /// <summary>The value of a key; null when the mapping has no such key.</summary>
    internal static DefinitionNode? Find(DefinitionMapping mapping, string key) =>
        mapping.Entries.FirstOrDefault(e => e.Key.Text == key)?.Value;

    /// <summary>The node as a mapping; null, with an error, when it is none.</summary>
    internal DefinitionMapping? Mapping(DefinitionNode node, string what)
    {
        if (node is DefinitionMapping mapping)
        {
            return mapping;
        }

        errors.Add(node.Place, $"{what} must be a mapping of keys to values; found {Describe(node)}");
        return null;
    }

    /// <summary>The node as a text that is not empty; null, with an error, when it is none.</summary>
    internal DefinitionScalar? Scalar(DefinitionNode node, string what)
    {
        if (node is DefinitionScalar { Text.Length: > 0 } scalar)
        {
            return scalar;
        }

        errors.Add(node.Place, $"{what} must be a single value; found {Describe(node)}");
        return null;
    }

    /// <summary>A time, milliseconds since the Unix epoch; null, with an error, when it is none.</summary>
    internal long? Time(DefinitionScalar scalar, string what)
    {
        if (times(scalar.Text, out long milliseconds, out string wrong))
        {
            return milliseconds;
        }

        errors.Add(scalar.Place, $"{what}; found '{scalar.Text}'{(wrong.Length == 0 ? "" : ": " + wrong)}");
        return null;
    }

    /// <summary>Refuses keys that have no meaning.</summary>
    internal void RefuseUnknownKeys(DefinitionMapping mapping, string what, string[] known)
    {
        foreach (DefinitionEntry entry in mapping.Entries)
        {
            if (Array.IndexOf(known, entry.Key.Text) < 0)
            {
                // A comma cuts a value only in braces, and leaves a key without a value behind.
                bool isCut = entry.Value is DefinitionScalar { Text.Length: 0 }
                    && entry.Key.Place.Line == mapping.Place.Line;
                errors.Add(entry.Key.Place, $"unknown key of {what}: '{entry.Key.Text}'" + (isCut
                    ? "; a comma in braces ends a value: put a text that has one in quotes"
                    : NearestName.Suggest(entry.Key.Text, known)));
            }
        }
    }

    /// <summary>A duration; the default when the key is missing or wrong.</summary>
    internal long Duration(DefinitionMapping mapping, string key, long defaultMs, long minMs, long maxMs)
    {
        if (Find(mapping, key) is not { } node || Scalar(node, $"'{key}'") is not { } scalar)
        {
            return defaultMs;
        }

        if (!DurationText.TryParse(scalar.Text, out long ms))
        {
            errors.Add(scalar.Place, $"'{key}' must be a duration such as 10m, with one of ms, s, m, h, d, w; "
                + $"found '{scalar.Text}'");
            return defaultMs;
        }

        if (ms >= minMs && ms <= maxMs)
        {
            return ms;
        }

        errors.Add(scalar.Place, $"'{key}' of {scalar.Text} is out of range; allowed are "
            + $"{DurationText.Print(minMs)} to {DurationText.Print(maxMs)}");
        return defaultMs;
    }

    /// <summary>An integer of a range; the default when the key is missing or wrong.</summary>
    internal long Integer(DefinitionMapping mapping, string key, long otherwise, long min, long max)
    {
        if (Find(mapping, key) is not { } node || Scalar(node, $"'{key}'") is not { } scalar)
        {
            return otherwise;
        }

        if (long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            && number >= min && number <= max)
        {
            return number;
        }

        errors.Add(scalar.Place, $"'{key}' must be an integer from {min} to {max}; found '{scalar.Text}'");
        return otherwise;
    }

    /// <summary>A unit of time; unstated, with an error, when it is none.</summary>
    internal TimeUnit Unit(DefinitionScalar scalar)
    {
        if (!TimeUnits.TryParse(scalar.Text, out TimeUnit unit))
        {
            errors.Add(scalar.Place, $"unknown unit of a timestamp: '{scalar.Text}'; known are "
                + string.Join(", ", TimeUnits.Words));
        }

        return unit;
    }

    /// <summary>One of some words, by its index; the first when the key is missing or wrong.</summary>
    internal int Choice(DefinitionMapping mapping, string key, string[] words)
    {
        if (Find(mapping, key) is not { } node || Scalar(node, $"'{key}'") is not { } scalar)
        {
            return 0;
        }

        int known = Array.IndexOf(words, scalar.Text);
        if (known < 0)
        {
            errors.Add(scalar.Place, $"unknown {key}: '{scalar.Text}'{NearestName.Suggest(scalar.Text, words)}");
        }

        return Math.Max(known, 0);
    }

    /// <summary>The name of a topic, which must be there; null, with an error, when there is none.</summary>
    internal DefinitionScalar? Topic(DefinitionMapping mapping, DefinitionScalar name, string what)
    {
        if (Find(mapping, "topic") is not { } node)
        {
            errors.Add(name.Place, $"{what} needs a topic; add 'topic: NAME'");
            return null;
        }

        if (Scalar(node, "'topic'") is not { } topic)
        {
            return null;
        }

        bool good = topic.Text.Length <= TopicCharactersMax && topic.Text is not ("." or "..")
            && topic.Text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
        if (!good)
        {
            errors.Add(topic.Place, $"'{topic.Text}' cannot be the name of a topic; allowed are letters, "
                + $"digits, . _ and -, at most {TopicCharactersMax}, but not . or .. alone");
        }

        return topic;
    }

    /// <summary>Refuses a name that is not of the form of names; the name is used all the same.</summary>
    internal void CheckName(DefinitionScalar name, string what)
    {
        bool good = name.Text.Length is > 0 and <= NameCharactersMax && char.IsAsciiLetterLower(name.Text[0])
            && name.Text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');
        if (!good)
        {
            errors.Add(name.Place, $"'{name.Text}' cannot be the name of {what}; a name starts with a lower-case "
                + $"letter and has lower-case letters, digits and _, at most {NameCharactersMax}");
        }
        else if (Keywords.IsReserved(name.Text))
        {
            errors.Add(name.Place, $"'{name.Text}' cannot be the name of {what}; it is a word of the language");
        }
    }

    /// <summary>A node as messages name it.</summary>
    internal static string Describe(DefinitionNode node) => node switch
    {
        DefinitionMapping => "a mapping",
        DefinitionSequence => "a sequence",
        DefinitionScalar { Text.Length: 0 } => "nothing",
        _ => $"'{((DefinitionScalar)node).Text}'",
    };
}
