using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>A message compiled against a view: which of its fields are used. Immutable once compiled.</summary>
internal sealed class ProtoStep
{
    private const int DirectMax = 64;

    private readonly ProtoUse?[] _direct;
    private readonly Dictionary<int, ProtoUse> _others = [];

    internal ProtoStep(IReadOnlyDictionary<int, ProtoUse> uses, ProtoDefault[] defaults)
    {
        Defaults = defaults;
        _direct = new ProtoUse?[uses.Keys.Where(n => n < DirectMax).DefaultIfEmpty(-1).Max() + 1];
        foreach ((int number, ProtoUse use) in uses)
        {
            if (number < DirectMax)
            {
                _direct[number] = use;
            }
            else
            {
                _others[number] = use;
            }
        }
    }

    /// <summary>What fields have while they are absent, in a message that is there.</summary>
    internal ProtoDefault[] Defaults { get; }

    /// <summary>The use of a field; null: it is passed over.</summary>
    internal ProtoUse? Find(int number) =>
        (uint)number < (uint)_direct.Length ? _direct[number]
        : _others.Count == 0 ? null : _others.GetValueOrDefault(number);
}

/// <summary>What a field has while it is absent.</summary>
/// <param name="Slot">The field of the definition.</param>
/// <param name="Value">Its value.</param>
/// <param name="Error">What is wrong with the value, as if a payload had it; None: nothing.</param>
/// <param name="Found">The value in words, if something is wrong with it.</param>
/// <param name="IsTime">Whether the value is a number of the unit that the definition states.</param>
internal readonly record struct ProtoDefault(
    int Slot, Value Value, DecodeError Error = DecodeError.None, string Found = "", bool IsTime = false)
{
    /// <summary>Whether the value can be taken as it is.</summary>
    internal bool IsPlain { get; } = Error == DecodeError.None && !IsTime;
}

/// <summary>How a used field is read.</summary>
/// <param name="type">The type on the wire; None: it is not known, and any value counts.</param>
/// <param name="isDelimited">Whether it stands between group tags and not behind a length.</param>
internal sealed class ProtoUse(ProtoType type, bool isDelimited)
{
    internal ProtoType Type { get; } = type;

    internal bool IsDelimited { get; } = isDelimited;

    /// <summary>The wire type of a value that is not packed.</summary>
    internal int Wire { get; } = isDelimited ? ProtoCursor.WireGroup : ProtoTypes.WireOf(type);

    /// <summary>The field of the definition; −1: members of it are used, or it only replaces others.</summary>
    internal required int Slot { get; init; }

    /// <summary>The type that it becomes; of a list's items: Null, their own.</summary>
    internal ValueKind Wanted { get; init; }

    /// <summary>Whether it occurs any number of times.</summary>
    internal bool IsRepeated { get; init; }

    /// <summary>The members of a message that are used.</summary>
    internal ProtoStep? Inner { get; init; }

    /// <summary>The type inside of a wrapper message.</summary>
    internal ProtoType Wrapped { get; init; }

    /// <summary>An enum's values; null: it is none.</summary>
    internal ProtoSymbolNames? Names { get; init; }

    /// <summary>What the other members of its oneof have once it is set.</summary>
    internal ProtoDefault[] Replaces { get; set; } = [];
}

/// <summary>The names of an enum's numbers, as UTF-8. Immutable.</summary>
/// <param name="found">The enum.</param>
internal sealed class ProtoSymbolNames(ProtoEnum found)
{
    private readonly Dictionary<int, byte[]> _names = found.Values.DistinctBy(v => v.Number)
        .ToDictionary(v => v.Number, v => System.Text.Encoding.UTF8.GetBytes(v.Name));

    /// <summary>Whether numbers without a name count as absent.</summary>
    internal bool IsClosed { get; } = found.IsClosed;

    /// <summary>The name that a number had first; null: it has none.</summary>
    internal byte[]? Find(int number) => _names.GetValueOrDefault(number);

    /// <summary>The number of a name, also of an alias, and the first one of all where none is given.</summary>
    internal int? NumberOf(string? name)
    {
        foreach ((string known, int number) in found.Values)
        {
            if (name is null || known == name)
            {
                return number;
            }
        }

        return null;
    }
}

/// <summary>Protobuf's types, and the well-known messages that stand for single values.</summary>
internal enum ProtoType
{
    None,
    Double,
    Float,
    Int32,
    Int64,
    UInt32,
    UInt64,
    SInt32,
    SInt64,
    Fixed32,
    Fixed64,
    SFixed32,
    SFixed64,
    Bool,
    String,
    Bytes,
    Enum,
    Message,
    Timestamp,
    Duration,
    Wrapper,
}
