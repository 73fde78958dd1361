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
