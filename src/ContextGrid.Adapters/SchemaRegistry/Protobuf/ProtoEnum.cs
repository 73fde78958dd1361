namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>An enum.</summary>
internal sealed class ProtoEnum(ProtoFile file, string name)
{
    internal ProtoFile File { get; } = file;

    internal string Name { get; } = name;

    /// <summary>Names and numbers in order; an alias comes after the name that the number had first.</summary>
    internal List<(string Name, int Number)> Values { get; } = [];
}
