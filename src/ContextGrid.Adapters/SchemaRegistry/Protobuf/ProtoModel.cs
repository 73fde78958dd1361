namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>A parsed .proto file. Immutable once parsed.</summary>
internal sealed class ProtoFile
{
    /// <summary>The package; empty: none.</summary>
    internal string Package { get; set; } = "";

    /// <summary>The rules for presence and enums.</summary>
    internal ProtoSyntax Syntax { get; set; } = ProtoSyntax.Proto2;

    /// <summary>Whether fields of an edition have no presence unless they say otherwise.</summary>
    internal bool IsImplicit { get; set; }

    /// <summary>The messages, in order: payloads name them by their index.</summary>
    internal List<ProtoMessage> Messages { get; } = [];

    /// <summary>The enums.</summary>
    internal List<ProtoEnum> Enums { get; } = [];
}

/// <summary>The syntax of a file.</summary>
internal enum ProtoSyntax
{
    Proto2,
    Proto3,
    Edition,
}

/// <summary>A message.</summary>
/// <param name="file">The file that declares it.</param>
/// <param name="name">Its full name, with the package and the messages around it.</param>
internal sealed class ProtoMessage(ProtoFile file, string name)
{
    internal ProtoFile File { get; } = file;

    internal string Name { get; } = name;

    internal List<ProtoField> Fields { get; } = [];

    /// <summary>The messages inside of it, in order.</summary>
    internal List<ProtoMessage> Messages { get; } = [];

    internal List<ProtoEnum> Enums { get; } = [];
}

/// <summary>An enum.</summary>
internal sealed class ProtoEnum(ProtoFile file, string name)
{
    internal ProtoFile File { get; } = file;

    internal string Name { get; } = name;

    /// <summary>Names and numbers in order; an alias comes after the name that the number had first.</summary>
    internal List<(string Name, int Number)> Values { get; } = [];
}

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
