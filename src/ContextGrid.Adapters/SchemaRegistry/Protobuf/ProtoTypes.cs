using ContextGrid.Core.Model;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>Protobuf's types by name, and what they can become. The table is in docs/DEFINITIONS.md.</summary>
internal static class ProtoTypes
{
    /// <summary>What messages call the type of a map.</summary>
    internal const string MapName = "map";

    private const string WellKnown = "google.protobuf.";

    private static readonly Dictionary<string, ProtoType> Scalars = new(StringComparer.Ordinal)
    {
        ["double"] = ProtoType.Double,
        ["float"] = ProtoType.Float,
        ["int32"] = ProtoType.Int32,
        ["int64"] = ProtoType.Int64,
        ["uint32"] = ProtoType.UInt32,
        ["uint64"] = ProtoType.UInt64,
        ["sint32"] = ProtoType.SInt32,
        ["sint64"] = ProtoType.SInt64,
        ["fixed32"] = ProtoType.Fixed32,
        ["fixed64"] = ProtoType.Fixed64,
        ["sfixed32"] = ProtoType.SFixed32,
        ["sfixed64"] = ProtoType.SFixed64,
        ["bool"] = ProtoType.Bool,
        ["string"] = ProtoType.String,
        ["bytes"] = ProtoType.Bytes,
    };

    private static readonly Dictionary<string, ProtoType> Wrappers = new(StringComparer.Ordinal)
    {
        ["DoubleValue"] = ProtoType.Double,
        ["FloatValue"] = ProtoType.Float,
        ["Int64Value"] = ProtoType.Int64,
        ["UInt64Value"] = ProtoType.UInt64,
        ["Int32Value"] = ProtoType.Int32,
        ["UInt32Value"] = ProtoType.UInt32,
        ["BoolValue"] = ProtoType.Bool,
        ["StringValue"] = ProtoType.String,
        ["BytesValue"] = ProtoType.Bytes,
    };

    /// <summary>The scalar type of a name; <see cref="ProtoType.None"/>: it is not one.</summary>
    internal static ProtoType Scalar(string name) => Scalars.GetValueOrDefault(name);

    /// <summary>The well-known message of a full name; <see cref="ProtoType.Message"/>: it is another.</summary>
    internal static ProtoType OfMessage(string name, out ProtoType wrapped)
    {
        string own = name.StartsWith(WellKnown, StringComparison.Ordinal) ? name[WellKnown.Length..] : "";
        wrapped = Wrappers.GetValueOrDefault(own);
        return own switch
        {
            "Timestamp" => ProtoType.Timestamp,
            "Duration" => ProtoType.Duration,
            _ => wrapped == ProtoType.None ? ProtoType.Message : ProtoType.Wrapper,
        };
    }

    /// <summary>Whether a value of a type can become a field of a type.</summary>
    internal static bool CanBe(ProtoType type, ValueKind wanted) => wanted switch
    {
        ValueKind.Bool => type == ProtoType.Bool,
        ValueKind.Int64 => IsInteger(type) || type is ProtoType.Enum or ProtoType.Duration,
        ValueKind.Double => IsInteger(type) || type is ProtoType.Float or ProtoType.Double or ProtoType.Duration,
        ValueKind.String => type is ProtoType.String or ProtoType.Bytes or ProtoType.Enum,
        ValueKind.Timestamp => type is ProtoType.Timestamp or ProtoType.Int64 or ProtoType.UInt64 or ProtoType.SInt64
            or ProtoType.Fixed64 or ProtoType.SFixed64 or ProtoType.String,
        _ => false,
    };

    /// <summary>The type that a list's item becomes; Null: it can't be one.</summary>
    internal static ValueKind OfItem(ProtoType type) => type switch
    {
        ProtoType.Bool => ValueKind.Bool,
        ProtoType.Float or ProtoType.Double => ValueKind.Double,
        ProtoType.String or ProtoType.Bytes or ProtoType.Enum => ValueKind.String,
        ProtoType.Timestamp => ValueKind.Timestamp,
        ProtoType.Duration => ValueKind.Int64,
        _ => IsInteger(type) ? ValueKind.Int64 : ValueKind.Null,
    };

    /// <summary>The wire type of a value that is not packed.</summary>
    internal static int WireOf(ProtoType type) => type switch
    {
        ProtoType.Double or ProtoType.Fixed64 or ProtoType.SFixed64 => ProtoCursor.Wire64,
        ProtoType.Float or ProtoType.Fixed32 or ProtoType.SFixed32 => ProtoCursor.Wire32,
        ProtoType.String or ProtoType.Bytes or ProtoType.Message or ProtoType.Timestamp or ProtoType.Duration
            or ProtoType.Wrapper => ProtoCursor.WireBytes,
        _ => ProtoCursor.WireVarint,
    };

    /// <summary>The type of a field in words.</summary>
    internal static string Meant(ValueKind wanted) => wanted switch
    {
        ValueKind.Bool => "a bool",
        ValueKind.Int64 => "an integer, enum or Duration",
        ValueKind.Double => "a number or Duration",
        ValueKind.String => "a string or enum",
        ValueKind.Timestamp => "a Timestamp, 64-bit milliseconds or an RFC 3339 string",
        ValueKind.List => "a repeated field of single values",
        _ => "a message",
    };

    private static bool IsInteger(ProtoType type) => type is >= ProtoType.Int32 and <= ProtoType.SFixed64;
}
