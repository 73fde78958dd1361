using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ContextGrid.Server.Grpc.Reflection;

/// <summary>All declarations of a set of .proto files and those they import, by name. Immutable once built.</summary>
internal sealed class DescriptorIndex
{
    private readonly Dictionary<string, FileDescriptor> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ByteString> _bytes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileDescriptor> _symbols = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Extended, int Number), FileDescriptor> _extensions = [];

    /// <summary>Builds the index.</summary>
    /// <param name="files">The files; what they import is found through them.</param>
    public DescriptorIndex(IEnumerable<FileDescriptor> files)
    {
        foreach (var file in files)
        {
            AddFile(file);
        }
    }

    /// <summary>The file of this name, or null.</summary>
    public FileDescriptor? FileByName(string name) => _files.GetValueOrDefault(name);

    /// <summary>A file of this index as clients read it.</summary>
    public ByteString Bytes(FileDescriptor file) => _bytes[file.Name];

    /// <summary>The file that declares a package member by its full name, or null.</summary>
    public FileDescriptor? FileBySymbol(string symbol) => _symbols.GetValueOrDefault(symbol);

    /// <summary>The file that declares an extension, or null.</summary>
    public FileDescriptor? FileByExtension(string extended, int number) =>
        _extensions.GetValueOrDefault((extended, number));

    /// <summary>The numbers of a message's extensions in order, or null where the message is unknown.</summary>
    public IReadOnlyList<int>? ExtensionNumbers(string extended) =>
        _symbols.ContainsKey(extended)
            ? [.. _extensions.Keys.Where(k => k.Extended == extended).Select(k => k.Number).Order()]
            : null;

    private void AddFile(FileDescriptor file)
    {
        if (!_files.TryAdd(file.Name, file))
        {
            return;
        }

        _bytes[file.Name] = DescriptorBytes.Of(file);
        foreach (var service in file.Services)
        {
            _symbols[service.FullName] = file;
            foreach (var method in service.Methods)
            {
                _symbols[method.FullName] = file;
            }
        }

        foreach (var message in file.MessageTypes)
        {
            AddMessage(message);
        }

        AddEnums(file.EnumTypes);
        AddExtensions(file.Extensions);
        foreach (var dependency in file.Dependencies)
        {
            AddFile(dependency);
        }
    }

    private void AddMessage(MessageDescriptor message)
    {
        _symbols[message.FullName] = message.File;
        foreach (var field in message.Fields.InDeclarationOrder())
        {
            _symbols[field.FullName] = message.File;
        }

        foreach (var oneof in message.Oneofs)
        {
            _symbols[oneof.FullName] = message.File;
        }

        AddEnums(message.EnumTypes);
        AddExtensions(message.Extensions);
        foreach (var nested in message.NestedTypes)
        {
            AddMessage(nested);
        }
    }

    private void AddEnums(IEnumerable<EnumDescriptor> enums)
    {
        foreach (var type in enums)
        {
            _symbols[type.FullName] = type.File;
            foreach (var value in type.Values)
            {
                _symbols[value.FullName] = type.File;
            }
        }
    }

    private void AddExtensions(ExtensionCollection extensions)
    {
        foreach (var extension in extensions.UnorderedExtensions)
        {
            _symbols[extension.FullName] = extension.File;
            _extensions[(extension.ExtendeeType.FullName, extension.FieldNumber)] = extension.File;
        }
    }
}

/// <summary>
/// Serialises file descriptors for clients. The compiler strips the JSON names of fields from the descriptors that it
/// puts into C#, and clients that print JSON, such as grpcurl, then fall back to the declared names; so the names are
/// put back.
/// </summary>
internal static class DescriptorBytes
{
    /// <summary>The file as a google.protobuf.FileDescriptorProto with all JSON names.</summary>
    public static ByteString Of(FileDescriptor file)
    {
        var proto = file.ToProto();
        for (var i = 0; i < proto.MessageType.Count; i++)
        {
            AddJsonNames(proto.MessageType[i], file.MessageTypes[i]);
        }

        return proto.ToByteString();
    }

    private static void AddJsonNames(DescriptorProto proto, MessageDescriptor message)
    {
        foreach (var field in proto.Field)
        {
            field.JsonName = message.FindFieldByNumber(field.Number).JsonName;
        }

        for (var i = 0; i < proto.NestedType.Count; i++)
        {
            AddJsonNames(proto.NestedType[i], message.NestedTypes[i]);
        }
    }
}
