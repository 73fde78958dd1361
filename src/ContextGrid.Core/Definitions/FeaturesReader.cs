using System.Collections.Immutable;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>
/// Reads the features of an entity: first the aggregates, which need only events; then the derived features in the
/// order of what they read, so that each finds the types that it needs.
/// </summary>
internal sealed class FeaturesReader(NodeReader reader, string entity, FeatureScope scope)
{
    private const int FeaturesMax = 1_000;

    private readonly FeatureLineParser _parser = new(scope);
    private Line[] _lines = [];

    /// <summary>Reads the features; those that are wrong are left out, and are in the errors.</summary>
    internal ImmutableArray<FeatureDefinition> Read(DefinitionNode? node, DefinitionScalar name)
    {
        if (node is null)
        {
            reader.Errors.Add(name.Place, $"entity '{entity}' needs features; add 'features: {{NAME: LINE}}'");
            return [];
        }

        if (reader.Mapping(node, "'features'") is not { } mapping)
        {
            return [];
        }

        if (mapping.Entries.Length is 0 or > FeaturesMax)
        {
            reader.Errors.Add(mapping.Place,
                $"entity '{entity}' has {mapping.Entries.Length} features; allowed are 1 to {FeaturesMax}");
            return [];
        }

        _lines = ScanAll(mapping.Entries);
        var features = new FeatureDefinition?[_lines.Length];
        for (int i = 0; i < _lines.Length; i++)
        {
            if (_lines[i].IsAggregate)
            {
                features[i] = Aggregate(_lines[i]);
            }
        }

        foreach (int i in DerivedOrder(features))
        {
            features[i] = Derived(_lines[i], features);
        }

        return [.. features.OfType<FeatureDefinition>()];
    }

    private Line[] ScanAll(ImmutableArray<DefinitionEntry> entries)
    {
        var lines = new List<Line>(entries.Length);
        for (int i = 0; i < entries.Length; i++)
        {
            int rest = RestOfCut(entries, i);
            if (rest == 0)
            {
                lines.Add(Scan(entries[i]));
                continue;
            }

            DefinitionEntry cut = entries[i];
            reader.Errors.Add(cut.Value.Place, $"the line of feature '{cut.Key.Text}' ends at a comma, since a comma "
                + "in braces ends a value; put the line in quotes, or write one feature a line without braces");
            lines.Add(new Line(cut.Key.Text, null, []));
            i += rest;
        }

        return [.. lines];
    }

    // How many of the next entries are the rest of a line that a comma in braces has cut: they have no values.
    private static int RestOfCut(ImmutableArray<DefinitionEntry> entries, int at)
    {
        if (entries[at].Value is not DefinitionScalar { Text: var text } || IsWhole(text))
        {
            return 0;
        }

        int rest = 0;
        while (!IsWhole(text) && at + rest + 1 < entries.Length
            && entries[at + rest + 1] is { Key: var part, Value: DefinitionScalar { Text.Length: 0 } })
        {
            text += "," + part.Text;
            rest++;
        }

        return rest;
    }

    // Whether parentheses and quotes are closed.
    private static bool IsWhole(string line)
    {
        int open = 0, quotes = 0;
        foreach (char c in line)
        {
            quotes += c == '"' ? 1 : 0;
            open += quotes % 2 == 1 ? 0 : c == '(' ? 1 : c == ')' ? -1 : 0;
        }

        return open <= 0 && quotes % 2 == 0;
    }

    private Line Scan(DefinitionEntry entry)
    {
        reader.CheckName(entry.Key, "a feature");
        if (reader.Scalar(entry.Value, $"feature '{entry.Key.Text}'") is not { } text)
        {
            return new Line(entry.Key.Text, null, []);
        }

        var errors = new LanguageErrors();
        ImmutableArray<Token> tokens = Lexer.Scan(text.Text, errors);
        reader.Errors.AddAll(text, errors);
        return new Line(entry.Key.Text, errors.Any ? null : text, tokens);
    }

    private AggregateFeature? Aggregate(Line line)
    {
        // The line of an aggregate has a text: without one it has no tokens and so no bar.
        if (line.Text is null)
        {
            return null;
        }

        var errors = new LanguageErrors();
        AggregateFeature? feature = _parser.ParseAggregate(line.Name, line.Tokens, errors);
        reader.Errors.AddAll(line.Text, errors);
        return feature;
    }

    private DerivedFeature? Derived(Line line, FeatureDefinition?[] features)
    {
        if (line.Text is null)
        {
            return null;
        }

        var slots = ImmutableArray.CreateBuilder<ExpressionSlot>(features.Length);
        for (int i = 0; i < features.Length; i++)
        {
            slots.Add(new ExpressionSlot(_lines[i].Name, features[i]?.Type ?? ValueKind.Null));
        }

        var errors = new LanguageErrors();
        var names = new ExpressionScope($"feature of entity '{entity}'", slots.MoveToImmutable());
        DerivedFeature? feature = FeatureLineParser.ParseDerived(line.Name, line.Tokens, names, errors);
        reader.Errors.AddAll(line.Text, errors);
        return feature;
    }

    /// <summary>Indexes of the derived features, each after what it reads. Cycles are reported, and broken.</summary>
    private IEnumerable<int> DerivedOrder(FeatureDefinition?[] features)
    {
        var indexes = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < _lines.Length; i++)
        {
            indexes.TryAdd(_lines[i].Name, i);
        }

        int[][] needs = [.. _lines.Select(l => l.IsAggregate ? [] : Needs(l, indexes))];
        var cycles = new List<int[]>();
        ImmutableArray<int> order = TopologicalOrder.Sort(needs, cycles);
        foreach (int[] cycle in cycles)
        {
            string path = string.Join(" → ", cycle.Select(i => _lines[i].Name));
            if (_lines[cycle[0]] is { Text: { } text } line)
            {
                Token use = line.Tokens.First(t => t.Kind == TokenKind.Name && t.Text == _lines[cycle[1]].Name);
                reader.Errors.Add(text.At(use.Offset), $"derived features form a cycle: {path}");
            }
        }

        return order.Where(i => !_lines[i].IsAggregate);
    }

    private static int[] Needs(Line line, Dictionary<string, int> indexes)
    {
        var needs = new SortedSet<int>();
        for (int i = 0; i < line.Tokens.Length; i++)
        {
            Token token = line.Tokens[i];
            bool isCall = !token.Quoted && i + 1 < line.Tokens.Length && line.Tokens[i + 1].IsSymbol("(");
            if (token.Kind == TokenKind.Name && !isCall && indexes.TryGetValue(token.Text, out int index))
            {
                needs.Add(index);
            }
        }

        return [.. needs];
    }

    private sealed record Line(string Name, DefinitionScalar? Text, ImmutableArray<Token> Tokens)
    {
        internal bool IsAggregate { get; } = FeatureLineParser.IsAggregate(Tokens);
    }
}
