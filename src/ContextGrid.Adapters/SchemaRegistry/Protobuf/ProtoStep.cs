using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>A message compiled against a view: which of its fields are used. Immutable once compiled.</summary>
internal sealed class ProtoStep
{
    private const int DirectMax = 64;

    private readonly ProtoUse?[] _direct = new ProtoUse?[DirectMax];
    private readonly Dictionary<int, ProtoUse> _others = [];

    /// <summary>What fields without presence have while they are absent.</summary>
    internal List<(int Slot, Value Value)> Defaults { get; } = [];

    /// <summary>The use of a field; null: it is passed over.</summary>
    internal ProtoUse? Find(int number) =>
        number < DirectMax ? _direct[number] : _others.GetValueOrDefault(number);

    /// <summary>Notes a use.</summary>
    internal void Add(int number, ProtoUse use)
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

/// <summary>How a used field is read.</summary>
internal sealed class ProtoUse
{
    /// <summary>The type on the wire.</summary>
    internal required ProtoType Type { get; init; }

    /// <summary>The field of the definition; −1: members of it are used.</summary>
    internal required int Slot { get; init; }

    /// <summary>The type that it becomes; of a list's items: Null, their own.</summary>
    internal ValueKind Wanted { get; init; }

    /// <summary>Whether it occurs any number of times.</summary>
    internal bool IsRepeated { get; init; }

    /// <summary>Whether it stands in a group and not behind a length.</summary>
    internal bool IsGroup { get; init; }

    /// <summary>The members of a message that are used.</summary>
    internal ProtoStep? Inner { get; init; }

    /// <summary>The type inside of a wrapper message.</summary>
    internal ProtoType Wrapped { get; init; }

    /// <summary>The names of an enum's numbers; of a closed enum others than these count as absent.</summary>
    internal IReadOnlyDictionary<int, byte[]>? Names { get; init; }

    /// <summary>Whether the enum is closed.</summary>
    internal bool IsClosed { get; init; }

    /// <summary>The definition's fields of the other members of its oneof, which it replaces.</summary>
    internal int[] Replaces { get; set; } = [];
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
