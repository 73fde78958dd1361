using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// The attributes of one CloudEvent that somebody asks for, as decoded texts: those of the specification, and those
/// that fields <c>ce_NAME</c> name. Reused; the texts are slices of the payload, the headers or the decoder's scratch.
/// </summary>
internal sealed class CloudEventAttributes
{
    internal const int SpecVersion = 0, Id = 1, Source = 2, Type = 3, Time = 4, ContentType = 5;

    /// <summary>What the names of fields begin with that are attributes.</summary>
    internal const string Prefix = "ce_";

    private static readonly string[] Known = ["specversion", "id", "source", "type", "time", "datacontenttype"];

    private readonly byte[][] _names;
    private readonly Value[] _texts;
    private readonly AttributeForm[] _forms;

    /// <summary>Prepares for an event's fields.</summary>
    internal CloudEventAttributes(ImmutableArray<FieldDefinition> fields, bool[] used)
    {
        int[] slots =
        [
            .. Enumerable.Range(0, fields.Length).Where(i => used[i]
                && fields[i].Source is { IsHeader: false, Path: [var member] }
                && member.StartsWith(Prefix, StringComparison.Ordinal)
                && fields[i].Type != ValueKind.List),
        ];
        string[] wanted = [.. slots.Select(i => fields[i].Source.Path[0][Prefix.Length..])];
        string[] names = [.. Known, .. wanted.Except(Known)];
        Slots = [.. slots.Select((slot, i) => (slot, Array.IndexOf(names, wanted[i])))];
        _names = [.. names.Select(Encoding.UTF8.GetBytes)];
        _texts = new Value[names.Length];
        _forms = new AttributeForm[names.Length];
    }

    /// <summary>The fields that may be attributes, each with its attribute.</summary>
    internal (int Slot, int Attribute)[] Slots { get; }

    /// <summary>Whether the event has none of the attributes that every CloudEvent has.</summary>
    internal bool AreNone => !Has(SpecVersion) && !Has(Id) && !Has(Source) && !Has(Type);

    /// <summary>Forgets the last event's.</summary>
    internal void Clear()
    {
        Array.Clear(_texts);
        Array.Clear(_forms);
    }

    /// <summary>The attribute of a name; −1: nobody asks for it.</summary>
    internal int Find(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < _names.Length; i++)
        {
            if (name.SequenceEqual(_names[i]))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>An attribute's name, for messages.</summary>
    internal string NameOf(int attribute) => Encoding.UTF8.GetString(_names[attribute]);

    /// <summary>How an attribute is written.</summary>
    internal AttributeForm FormOf(int attribute) => _forms[attribute];

    /// <summary>An attribute's text: that of a number or bool is as it is written; empty: there is none.</summary>
    internal ref readonly Value TextOf(int attribute) => ref _texts[attribute];

    /// <summary>Notes an attribute.</summary>
    /// <returns>False when it has been noted before.</returns>
    internal bool Note(int attribute, AttributeForm form, in Value text)
    {
        bool first = _forms[attribute] == AttributeForm.Absent;
        _forms[attribute] = form;
        _texts[attribute] = text;
        return first;
    }

    private bool Has(int attribute) => _forms[attribute] is not (AttributeForm.Absent or AttributeForm.Null);
}

/// <summary>How an attribute is written.</summary>
internal enum AttributeForm
{
    /// <summary>Not at all.</summary>
    Absent,

    /// <summary>As null, which is the same as absent.</summary>
    Null,

    /// <summary>As a text.</summary>
    Text,

    /// <summary>As a number or a bool.</summary>
    Scalar,

    /// <summary>As an object or an array, which no attribute is.</summary>
    Nested,
}
