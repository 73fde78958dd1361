namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

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
