using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using ContextGrid.Core.Definitions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Reads YAML 1.2 into nodes with places, from the parser's events. Aliases, anchors, tags and further documents are
/// refused: definitions do not need them, and aliases can make a small file grow without bound.
/// </summary>
internal sealed class YamlNodes
{
    private const int DepthMax = 16;

    private readonly string _file;
    private readonly string _text;
    private readonly DefinitionErrors _errors;
    private readonly Parser _parser;
    private int _depth;

    private YamlNodes(string file, string text, DefinitionErrors errors)
    {
        _file = file;
        _text = text;
        _errors = errors;
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>The file's top node; null, with errors, when there is none.</summary>
    internal static DefinitionNode? Read(string file, string text, DefinitionErrors errors)
    {
        try
        {
            return new YamlNodes(file, text, errors).Document();
        }
        catch (YamlException e)
        {
            YamlFault.Explain(e, file, text, errors);
            return null;
        }
    }

    private static DefinitionPlace Place(string file, in Mark mark) => new(file, (int)mark.Line, (int)mark.Column);

    private DefinitionPlace Place(in Mark mark) => Place(_file, mark);

    private DefinitionNode? Document()
    {
        _parser.MoveNext();
        Take<StreamStart>(out _);
        if (!Take<DocumentStart>(out _))
        {
            _errors.Add(new DefinitionPlace(_file, 1, 1), "the file is empty; it needs 'version: 1'");
            return null;
        }

        DefinitionNode? root = Node();
        Take<DocumentEnd>(out _);
        if (_parser.Current is DocumentStart second)
        {
            _errors.Add(Place(second.Start), "a second document starts here; put it into a file of its own");
        }

        return root;
    }

    /// <summary>Takes the parser's next event if it is of a kind.</summary>
    private bool Take<T>([NotNullWhen(true)] out T? taken)
        where T : ParsingEvent
    {
        taken = _parser.Current as T;
        if (taken is not null)
        {
            _parser.MoveNext();
        }

        return taken is not null;
    }

    /// <summary>The next node; null for an alias, which is an error.</summary>
    private DefinitionNode? Node()
    {
        if (_parser.Current is NodeEvent { Anchor.IsEmpty: false } or NodeEvent { Tag.IsEmpty: false })
        {
            _errors.Add(Place(_parser.Current.Start), "anchors and tags are not allowed in definitions");
        }

        if (Take(out Scalar? scalar))
        {
            DefinitionPlace place = Place(scalar.Start);
            return new DefinitionScalar(place, scalar.Value, YamlPlaces.Of(scalar, place, _text));
        }

        if (Take(out AnchorAlias? alias))
        {
            _errors.Add(Place(alias.Start), "aliases are not allowed in definitions; write the value out");
            return null;
        }

        Mark start = _parser.Current?.Start ?? default;
        if (++_depth > DepthMax)
        {
            throw new YamlException(start, start, $"nested deeper than {DepthMax} levels");
        }

        DefinitionNode result = Take(out MappingStart? mapping)
            ? Mapping(mapping)
            : Sequence();
        _depth--;
        return result;
    }

    private DefinitionMapping Mapping(MappingStart start)
    {
        var entries = ImmutableArray.CreateBuilder<DefinitionEntry>();
        var known = new Dictionary<string, DefinitionPlace>(StringComparer.Ordinal);
        while (!Take<MappingEnd>(out _))
        {
            DefinitionNode? key = Node();
            DefinitionNode? value = Node();
            if (key is null || value is null)
            {
                continue;
            }

            if (key is not DefinitionScalar name)
            {
                _errors.Add(key.Place, "a key must be a single value");
            }
            else if (!known.TryAdd(name.Text, name.Place))
            {
                DefinitionPlace first = known[name.Text];
                _errors.Add(name.Place, $"the key '{name.Text}' is there already, in line {first.Line}");
            }
            else
            {
                entries.Add(new DefinitionEntry(name, value));
            }
        }

        return new DefinitionMapping(Place(start.Start), entries.ToImmutable());
    }

    private DefinitionSequence Sequence()
    {
        if (!Take(out SequenceStart? start))
        {
            throw new YamlException($"unexpected {_parser.Current}");
        }

        var items = ImmutableArray.CreateBuilder<DefinitionNode>();
        while (!Take<SequenceEnd>(out _))
        {
            if (Node() is { } item)
            {
                items.Add(item);
            }
        }

        return new DefinitionSequence(Place(start.Start), items.ToImmutable());
    }
}

/// <summary>Says in our words why YAML could not be read.</summary>
internal static class YamlFault
{
    /// <summary>Records a fault of the parser.</summary>
    internal static void Explain(YamlException fault, string file, string text, DefinitionErrors errors)
    {
        var place = new DefinitionPlace(file, Math.Max(1, (int)fault.Start.Line), Math.Max(1, (int)fault.Start.Column));
        if (fault.Message.Contains("tab", StringComparison.Ordinal) && FindTab(text, place) is { } tab)
        {
            errors.Add(tab, "a tab stands in the indentation; YAML indents by spaces");
            return;
        }

        string message = fault.Message.Length == 0
            ? "unexpected text"
            : char.ToLowerInvariant(fault.Message[0]) + fault.Message[1..].TrimEnd('.');
        errors.Add(place, $"this is not YAML: {message}");
    }

    /// <summary>The parser points at what stands before the tab, which is in the indentation of a later line.</summary>
    private static DefinitionPlace? FindTab(string text, DefinitionPlace start)
    {
        string[] lines = text.Split('\n');
        for (int i = start.Line - 1; i < lines.Length; i++)
        {
            int tab = lines[i].IndexOf('\t', StringComparison.Ordinal);
            if (tab >= 0 && string.IsNullOrWhiteSpace(lines[i][..tab]))
            {
                return start with { Line = i + 1, Column = tab + 1 };
            }
        }

        return null;
    }
}
