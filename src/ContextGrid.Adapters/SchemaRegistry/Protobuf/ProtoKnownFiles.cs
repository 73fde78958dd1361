using System.Collections.Frozen;
using System.Reflection;
using Google.Protobuf.Reflection;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// The files that schemas import without registering them, since every registry and client has them:
/// <c>google/protobuf</c>, <c>google/type</c>, <c>google/rpc</c> and <c>google/api</c> from the descriptors that
/// Google's libraries embed, and <c>confluent</c>.
/// </summary>
internal static class ProtoKnownFiles
{
    // Confluent's own: a decimal of unscaled bytes, and the options by which its registry notes documents and tags.
    private static readonly (string Path, string Text)[] Confluent =
    [
        ("confluent/type/decimal.proto",
            """
            syntax = "proto3";
            package confluent.type;
            message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }
            """),
        ("confluent/meta.proto",
            """
            syntax = "proto3";
            package confluent;
            import "google/protobuf/descriptor.proto";
            message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }
            """),
    ];

    private static readonly Lazy<FrozenDictionary<string, ProtoFile>> Files = new(Load);

    private static readonly Lazy<FrozenDictionary<string, object>> Types = new(() => Files.Value.Values
        .SelectMany(f => f.Symbols.Types).ToFrozenDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal));

    /// <summary>The file of a path; null: it is none that is known.</summary>
    internal static ProtoFile? Find(string path) => Files.Value.GetValueOrDefault(path);

    /// <summary>The message or enum of a full name in any of them; null: there is none.</summary>
    internal static object? FindType(string name) => Types.Value.GetValueOrDefault(name);

    private static FrozenDictionary<string, ProtoFile> Load()
    {
        var bounds = new ProtoBounds();
        Assembly[] assemblies = [typeof(FileDescriptor).Assembly, typeof(Google.Type.Money).Assembly];
        IEnumerable<ProtoFile> embedded = assemblies
            .SelectMany(a => a.GetExportedTypes())
            .Select(t => t.GetProperty("Descriptor", typeof(FileDescriptor))?.GetValue(null) as FileDescriptor)
            .OfType<FileDescriptor>()
            .Select(d => ProtoDescriptors.Read(d.Name, d.ToProto(), bounds));
        return embedded
            .Concat(Confluent.Select(f => ProtoParser.Parse(f.Path, f.Text, bounds)))
            .DistinctBy(f => f.Path)
            .ToFrozenDictionary(f => f.Path, StringComparer.Ordinal);
    }
}
