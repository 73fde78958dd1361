namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// What payloads depend on of a .proto file, as its text or its descriptor declares it. Immutable once made.
/// </summary>
/// <param name="path">The path by which others import it; empty for the schema itself.</param>
internal sealed class ProtoFile(string path)
{
    private ProtoSymbols? _symbols;

    internal string Path { get; } = path;

    /// <summary>The package; empty: none.</summary>
    internal string Package { get; set; } = "";

    internal ProtoEdition Edition { get; set; } = ProtoEdition.Proto2;

    internal ProtoFeatureChanges Features { get; } = new();

    internal List<ProtoImport> Imports { get; } = [];

    /// <summary>The messages in the descriptor's order, with the groups of extend blocks: payloads name them by index.
    /// </summary>
    internal List<ProtoMessage> Messages { get; } = [];

    internal List<ProtoEnum> Enums { get; } = [];

    /// <summary>Full names of services: they hide the names around them.</summary>
    internal List<string> Services { get; } = [];

    /// <summary>The names that it declares, once it is read.</summary>
    internal ProtoSymbols Symbols => _symbols ??= new ProtoSymbols(this);
}

/// <summary>An import.</summary>
/// <param name="Path">The path of the file.</param>
/// <param name="IsPublic">Whether those that import the importing file see its names too.</param>
internal readonly record struct ProtoImport(string Path, bool IsPublic);

/// <summary>A message.</summary>
/// <param name="file">The file that declares it.</param>
/// <param name="name">Its full name, with the package and the messages around it.</param>
/// <param name="origin">What declares it.</param>
internal sealed class ProtoMessage(ProtoFile file, string name, ProtoMessageOrigin origin)
{
    internal ProtoFile File { get; } = file;

    internal string Name { get; } = name;

    /// <summary>What declares it. A descriptor's own map entries are known by their option.</summary>
    internal ProtoMessageOrigin Origin { get; set; } = origin;

    internal ProtoFeatureChanges Features { get; } = new();

    internal List<ProtoField> Fields { get; } = [];

    internal List<ProtoOneof> Oneofs { get; } = [];

    /// <summary>The messages inside of it in the descriptor's order, with groups and the entries of maps.</summary>
    internal List<ProtoMessage> Messages { get; } = [];

    internal List<ProtoEnum> Enums { get; } = [];
}

/// <summary>What declares a message.</summary>
internal enum ProtoMessageOrigin
{
    /// <summary>The word <c>message</c>.</summary>
    Written,

    /// <summary>A field that is a group.</summary>
    Group,

    /// <summary>A field that is a map.</summary>
    MapEntry,
}

/// <summary>A oneof.</summary>
internal sealed class ProtoOneof(string name)
{
    internal string Name { get; } = name;

    internal ProtoFeatureChanges Features { get; } = new();
}

/// <summary>An enum.</summary>
internal sealed class ProtoEnum(ProtoFile file, string name)
{
    internal ProtoFile File { get; } = file;

    /// <summary>Its full name.</summary>
    internal string Name { get; } = name;

    internal ProtoFeatureChanges Features { get; } = new();

    /// <summary>Names and numbers in order; an alias comes after the name that the number had first.</summary>
    internal List<(string Name, int Number)> Values { get; } = [];

    /// <summary>Whether numbers without a name count as absent.</summary>
    internal bool IsClosed { get; set; }
}

/// <summary>A field of a message.</summary>
/// <param name="name">Its name.</param>
/// <param name="number">Its number.</param>
/// <param name="type">The name of its type, as it is written.</param>
/// <param name="label">What stands before the type.</param>
internal sealed class ProtoField(string name, int number, string type, ProtoLabel label)
{
    internal string Name { get; } = name;

    internal int Number { get; } = number;

    internal string TypeName { get; } = type;

    internal ProtoLabel Label { get; } = label;

    /// <summary>The type, if it is a scalar; else <see cref="ProtoType.None"/>.</summary>
    internal ProtoType Scalar { get; init; }

    /// <summary>The message that the field itself declares: a group, or the entry of a map.</summary>
    internal ProtoMessage? Own { get; init; }

    /// <summary>The oneof that it is in; null: none.</summary>
    internal ProtoOneof? Oneof { get; init; }

    internal ProtoFeatureChanges Features { get; init; } = new();

    /// <summary>The default that it declares; null: none.</summary>
    internal ProtoConstant? Default { get; init; }

    /// <summary>The presence, encoding and checks of the field, after all that is around it.</summary>
    internal ProtoFeatures Resolved { get; set; }

    internal bool IsRepeated => Label == ProtoLabel.Repeated;

    internal bool IsMap => Own?.Origin == ProtoMessageOrigin.MapEntry;

    /// <summary>Whether an absent field has a value of its own, the default of its type.</summary>
    internal bool IsImplicit => !IsRepeated && Oneof is null && Resolved.IsImplicit;
}

/// <summary>What stands before a field's type.</summary>
internal enum ProtoLabel
{
    None,
    Optional,
    Required,
    Repeated,
}

/// <summary>A value that an option gives.</summary>
/// <param name="Kind">How it is written.</param>
/// <param name="Text">A name or number without its sign; of a text what it says.</param>
/// <param name="Bytes">The bytes of a text.</param>
/// <param name="IsNegative">Whether a minus stands in front.</param>
internal sealed record ProtoConstant(ProtoTokenKind Kind, string Text, byte[] Bytes, bool IsNegative);
