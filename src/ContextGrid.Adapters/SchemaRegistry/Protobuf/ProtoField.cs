namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>A field of a message.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Number">Its number.</param>
/// <param name="Type">The name of its type, as it is written.</param>
/// <param name="Label">What stands before the type.</param>
internal sealed record ProtoField(string Name, int Number, string Type, ProtoLabel Label)
{
    /// <summary>The oneof that it is in; −1: none.</summary>
    internal int Oneof { get; init; } = -1;

    /// <summary>The default that proto2 declares; null: none.</summary>
    internal string? Default { get; init; }

    /// <summary>Whether the field itself says that it has no presence (true) or has (false); null: the file says.
    /// </summary>
    internal bool? IsImplicit { get; init; }
}

/// <summary>What stands before a field's type.</summary>
internal enum ProtoLabel
{
    None,
    Optional,
    Required,
    Repeated,
    Map,
    Group,
    RepeatedGroup,
}
