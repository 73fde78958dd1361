using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// Reads descriptors: the binary form of .proto files, which some clients register in base64 in place of the text, and
/// which libraries embed.
/// </summary>
internal static class ProtoDescriptors
{
    /// <summary>Reads a schema that is a descriptor in base64, or a set of one whose last file it is.</summary>
    /// <param name="path">The path by which others import it.</param>
    /// <param name="text">The text that the registry has.</param>
    /// <param name="bounds">What reading may cost.</param>
    /// <returns>Null when it is none.</returns>
    /// <exception cref="SchemaTextException">It is too large.</exception>
    internal static ProtoFile? TryRead(string path, string text, ProtoBounds bounds)
    {
        // Every declaration of a text has one of these signs, and base64 has none.
        byte[] bytes = text.AsSpan().ContainsAny(';', '{') ? [] : new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out int length) || length == 0)
        {
            return null;
        }

        bounds.Read(text.Length);
        ReadOnlySpan<byte> descriptor = bytes.AsSpan(0, length);
        FileDescriptorProto? file = TryParse(FileDescriptorProto.Parser, descriptor);
        if (!IsFile(file))
        {
            file = TryParse(FileDescriptorSet.Parser, descriptor)?.File.LastOrDefault();
        }

        return IsFile(file) ? Read(path, file!, bounds) : null; // A file that is one is not null.
    }

    /// <summary>Reads a descriptor.</summary>
    /// <param name="path">The path by which others import it.</param>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="bounds">What reading may cost.</param>
    /// <exception cref="SchemaTextException">It is too large.</exception>
    internal static ProtoFile Read(string path, FileDescriptorProto descriptor, ProtoBounds bounds)
    {
        var file = new ProtoFile(path)
        {
            Package = bounds.Declare(descriptor.Package),
            Edition = descriptor.Syntax switch
            {
                "proto3" => ProtoEdition.Proto3,
                "editions" => descriptor.Edition <= Edition._2023 ? ProtoEdition.Edition2023 : ProtoEdition.Edition2024,
                _ => ProtoEdition.Proto2,
            },
        };
        file.Imports.AddRange(
            descriptor.Dependency.Select((d, i) => new ProtoImport(d, descriptor.PublicDependency.Contains(i))));
        Set(file.Features, descriptor.Options?.Features);
        file.Messages.AddRange(descriptor.MessageType.Select(m => Message(file, file.Package, m, 0, bounds)));
        file.Enums.AddRange(descriptor.EnumType.Select(e => Enum(file, file.Package, e, bounds)));
        file.Services.AddRange(descriptor.Service.Select(s => ProtoParser.Join(file.Package, s.Name)));
        ProtoFeatures.Resolve(file);
        return file;
    }

    private static T? TryParse<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes)
        where T : class, IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    // Bytes that are no descriptor may parse as one; then what they have is in fields that it does not know.
    private static bool IsFile(FileDescriptorProto? file) =>
        file is { MessageType.Count: > 0 } or { EnumType.Count: > 0 } or { Dependency.Count: > 0 };

    private static ProtoMessage Message(
        ProtoFile file, string scope, DescriptorProto descriptor, int depth, ProtoBounds bounds)
    {
        string name = bounds.Declare(ProtoParser.Join(scope, descriptor.Name));
        ProtoBounds.Nest(depth);
        bool isEntry = descriptor.Options?.MapEntry == true;
        var message = new ProtoMessage(
            file, name, isEntry ? ProtoMessageOrigin.MapEntry : ProtoMessageOrigin.Written);
        Set(message.Features, descriptor.Options?.Features);
        message.Messages.AddRange(descriptor.NestedType.Select(m => Message(file, name, m, depth + 1, bounds)));
        message.Enums.AddRange(descriptor.EnumType.Select(e => Enum(file, name, e, bounds)));
        foreach (OneofDescriptorProto declared in descriptor.OneofDecl)
        {
            var oneof = new ProtoOneof(declared.Name);
            Set(oneof.Features, declared.Options?.Features);
            message.Oneofs.Add(oneof);
        }

        message.Fields.AddRange(descriptor.Field.Select(f => Field(message, f, bounds)));
        return message;
    }

    private static ProtoField Field(ProtoMessage message, FieldDescriptorProto descriptor, ProtoBounds bounds)
    {
        string type = descriptor.TypeName.Length > 0
            ? bounds.Declare(descriptor.TypeName)
            : descriptor.Type.ToString().ToLowerInvariant();
        ProtoMessage? own = OwnOf(message, type);
        bool isGroup = descriptor.Type == FieldDescriptorProto.Types.Type.Group;
        if (own is not null && isGroup)
        {
            own.Origin = ProtoMessageOrigin.Group;
        }

        // An optional field of proto3 has a oneof of its own, which is no oneof of the text.
        bool isInOneof = descriptor.HasOneofIndex && !descriptor.Proto3Optional;
        string name = bounds.Declare(descriptor.Name);
        var field = new ProtoField(name, descriptor.Number, type, Label(message.File, descriptor))
        {
            Scalar = descriptor.TypeName.Length > 0 ? ProtoType.None : ProtoTypes.Scalar(type),
            Own = isGroup || own?.Origin == ProtoMessageOrigin.MapEntry ? own : null,
            Oneof = isInOneof ? message.Oneofs.ElementAtOrDefault(descriptor.OneofIndex) : null,
            Default = descriptor.HasDefaultValue ? Constant(descriptor) : null,
        };
        Set(field.Features, descriptor.Options?.Features);
        field.Features.Set("message_encoding", isGroup ? "DELIMITED" : "");
        field.Features.IsPacked = descriptor.Options is { HasPacked: true } options
            ? options.Packed
            : field.Features.IsPacked;
        return field;
    }

    private static ProtoMessage? OwnOf(ProtoMessage message, string type)
    {
        foreach (ProtoMessage inner in message.Messages)
        {
            if (type.Length == inner.Name.Length + 1 && type.EndsWith(inner.Name, StringComparison.Ordinal))
            {
                return inner;
            }
        }

        return null;
    }

    private static ProtoLabel Label(ProtoFile file, FieldDescriptorProto descriptor) => descriptor.Label switch
    {
        FieldDescriptorProto.Types.Label.Repeated => ProtoLabel.Repeated,
        FieldDescriptorProto.Types.Label.Required => ProtoLabel.Required,
        _ => file.Edition == ProtoEdition.Proto2 || descriptor.Proto3Optional ? ProtoLabel.Optional : ProtoLabel.None,
    };

    private static ProtoEnum Enum(
        ProtoFile file, string scope, EnumDescriptorProto descriptor, ProtoBounds bounds)
    {
        var found = new ProtoEnum(file, bounds.Declare(ProtoParser.Join(scope, descriptor.Name)));
        Set(found.Features, descriptor.Options?.Features);
        found.Values.AddRange(descriptor.Value.Select(v => (bounds.Declare(v.Name), v.Number)));
        return found;
    }

    // Descriptors have defaults as text: of bytes with the escapes of C, of others as they are.
    private static ProtoConstant Constant(FieldDescriptorProto descriptor)
    {
        string text = descriptor.DefaultValue;
        switch (descriptor.Type)
        {
            case FieldDescriptorProto.Types.Type.String:
                return new ProtoConstant(ProtoTokenKind.Text, text, Encoding.UTF8.GetBytes(text), false);
            case FieldDescriptorProto.Types.Type.Bytes:
                byte[] bytes = new ProtoLexer($"\"{text}\"", "").TakeText();
                return new ProtoConstant(ProtoTokenKind.Text, text, bytes, false);
            default:
                bool isNegative = text.StartsWith('-');
                string digits = isNegative ? text[1..] : text;
                bool isInteger = ProtoNumbers.TryInteger(digits, out _);
                ProtoTokenKind kind = isInteger ? ProtoTokenKind.Integer : ProtoTokenKind.Name;
                return new ProtoConstant(kind, digits, [], isNegative);
        }
    }

    private static void Set(ProtoFeatureChanges into, FeatureSet? features)
    {
        if (features is null)
        {
            return;
        }

        into.Set("field_presence", Name(features.FieldPresence));
        into.Set("enum_type", Name(features.EnumType));
        into.Set("message_encoding", Name(features.MessageEncoding));
        into.Set("repeated_field_encoding", Name(features.RepeatedFieldEncoding));
    }

    // The names of C# are those of .proto without underscores: LengthPrefixed, LENGTH_PREFIXED.
    private static string Name<T>(T value)
        where T : struct, Enum
    {
        var name = new StringBuilder();
        foreach (char c in value.ToString())
        {
            name.Append(char.IsAsciiLetterUpper(c) && name.Length > 0 ? "_" : "").Append(char.ToUpperInvariant(c));
        }

        return name.ToString();
    }
}
