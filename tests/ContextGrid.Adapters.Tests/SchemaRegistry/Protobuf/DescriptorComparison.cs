using System.Globalization;
using System.Text;
using ContextGrid.Adapters.SchemaRegistry.Protobuf;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

/// <summary>
/// Compares what the parser makes of a file with protoc's descriptor, field for field. What features make of a field is
/// asked of Google's own library.
/// </summary>
internal sealed class DescriptorComparison(ProtoFile file, IReadOnlyDictionary<string, ProtoFile> imports)
{
    private readonly ProtoSchema _schema = ProtoSchema.Link(file, imports, new ProtoBounds());
    private bool _isFileClosed;
    private bool _isFilePacked;

    /// <summary>Where they differ; empty: nowhere.</summary>
    internal List<string> Differences { get; } = [];

    /// <summary>Fields that were compared.</summary>
    internal int Fields { get; private set; }

    /// <summary>Descriptors with their features resolved, by the paths of the files.</summary>
    /// <param name="set">Each behind those that it imports.</param>
    internal static Dictionary<string, FileDescriptor> Build(FileDescriptorSet set) =>
        FileDescriptor.BuildFromByteStrings(set.File.Select(f => WithoutExtensions(f).ToByteString()))
            .ToDictionary(f => f.Name, StringComparer.Ordinal);

    /// <summary>Compares a file.</summary>
    internal void Compare(FileDescriptor descriptor)
    {
        FileDescriptorProto expected = descriptor.ToProto();
        _isFileClosed = expected.Options?.Features is { HasEnumType: true } features
            ? features.EnumType == FeatureSet.Types.EnumType.Closed
            : expected.Syntax is "" or "proto2";
        _isFilePacked = expected.Options?.Features is { HasRepeatedFieldEncoding: true } encoding
            ? encoding.RepeatedFieldEncoding == FeatureSet.Types.RepeatedFieldEncoding.Packed
            : expected.Syntax is not ("" or "proto2");
        Same(expected.Package, file.Package, "package");
        Same(expected.Dependency, file.Imports.Select(i => i.Path), "imports");
        Same(
            expected.PublicDependency.Select(i => expected.Dependency[i]),
            file.Imports.Where(i => i.IsPublic).Select(i => i.Path),
            "public imports");
        Messages(descriptor.MessageTypes, file.Messages, descriptor.Name);
        Enums(descriptor.EnumTypes, file.Enums, descriptor.Name);
        Same(expected.Service.Select(s => ProtoParser.Join(expected.Package, s.Name)), file.Services, "services");
    }

    // The library refuses extensions of message sets, and nothing here depends on extensions.
    private static FileDescriptorProto WithoutExtensions(FileDescriptorProto file)
    {
        FileDescriptorProto copy = file.Clone();
        copy.Extension.Clear();
        var waiting = new Queue<DescriptorProto>(copy.MessageType);
        while (waiting.TryDequeue(out DescriptorProto? message))
        {
            message.Extension.Clear();
            foreach (DescriptorProto inner in message.NestedType)
            {
                waiting.Enqueue(inner);
            }
        }

        return copy;
    }

    private void Messages(IList<MessageDescriptor> expected, List<ProtoMessage> found, string where)
    {
        if (!Same(expected.Select(m => m.FullName), found.Select(m => m.Name), $"{where}: messages"))
        {
            return;
        }

        foreach ((MessageDescriptor descriptor, ProtoMessage message) in expected.Zip(found))
        {
            string name = message.Name;
            Same(descriptor.ToProto().Options?.MapEntry == true, message.Origin == ProtoMessageOrigin.MapEntry, name);
            Messages(descriptor.NestedTypes, message.Messages, name);
            Enums(descriptor.EnumTypes, message.Enums, name);
            IList<FieldDescriptor> fields = descriptor.Fields.InDeclarationOrder();
            if (Same(fields.Select(f => f.Name), message.Fields.Select(f => f.Name), $"{name}: fields"))
            {
                foreach ((FieldDescriptor field, ProtoField own) in fields.Zip(message.Fields))
                {
                    Field(field, message, own);
                }
            }
        }
    }

    private void Field(FieldDescriptor expected, ProtoMessage message, ProtoField found)
    {
        Fields++;
        string where = expected.FullName;
        FieldDescriptorProto proto = expected.ToProto();
        Same(expected.FieldNumber, found.Number, $"{where}: number");
        Same(expected.IsRepeated, found.IsRepeated, $"{where}: repeated");
        Same(expected.IsMap, found.IsMap, $"{where}: map");
        Same(expected.RealContainingOneof?.Name ?? "", found.Oneof?.Name ?? "", $"{where}: oneof");
        Same(TypeOf(expected), TypeOf(message, found), $"{where}: type");
        bool isInMap = message.Origin == ProtoMessageOrigin.MapEntry;
        if (!isInMap && !expected.IsRepeated)
        {
            bool isMessage = expected.FieldType is FieldType.Message or FieldType.Group;
            Same(expected.HasPresence, isMessage || !found.IsImplicit, $"{where}: presence");
        }

        if (expected.IsRepeated && expected.FieldType is not (FieldType.Message or FieldType.Group or FieldType.String
            or FieldType.Bytes))
        {
            Same(IsPacked(proto), found.Resolved.IsPacked, $"{where}: packed");
        }

        if (!isInMap && expected.FieldType is FieldType.Message or FieldType.Group)
        {
            Same(expected.FieldType == FieldType.Group, found.Resolved.IsDelimited, $"{where}: delimited");
        }

        Same(proto.HasDefaultValue, found.Default is not null, $"{where}: default");
        if (proto.HasDefaultValue && found.Default is not null)
        {
            Same(Default(proto), Default(proto.Type, found.Default), $"{where}: default");
        }
    }

    // The library's own IsPacked forgets the default of proto3 where a field has any option.
    private bool IsPacked(FieldDescriptorProto proto) => proto.Options switch
    {
        { HasPacked: true } options => options.Packed,
        { Features.HasRepeatedFieldEncoding: true } options =>
            options.Features.RepeatedFieldEncoding == FeatureSet.Types.RepeatedFieldEncoding.Packed,
        _ => _isFilePacked,
    };

    private static string TypeOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message or FieldType.Group => "message " + field.MessageType.FullName,
        FieldType.Enum => "enum " + field.EnumType.FullName,
        FieldType type => type.ToString(),
    };

    private string TypeOf(ProtoMessage message, ProtoField field) =>
        field.Scalar != ProtoType.None
            ? field.Scalar.ToString()
            : (field.Own ?? _schema.Find(message, field.TypeName)) switch
            {
                ProtoMessage found => "message " + found.Name,
                ProtoEnum found => "enum " + found.Name,
                _ => "nothing",
            };

    // Defaults in a form that has one spelling for each value.
    private static string Default(FieldDescriptorProto proto)
    {
        string text = proto.DefaultValue;
        return proto.Type switch
        {
            FieldDescriptorProto.Types.Type.Bytes => Convert.ToHexString(Unescape(text)),
            FieldDescriptorProto.Types.Type.String => Convert.ToHexString(Encoding.UTF8.GetBytes(text)),
            FieldDescriptorProto.Types.Type.Float => Real(text, isFloat: true),
            FieldDescriptorProto.Types.Type.Double => Real(text, isFloat: false),
            _ => text,
        };
    }

    private static string Default(FieldDescriptorProto.Types.Type type, ProtoConstant found)
    {
        string sign = found.IsNegative ? "-" : "";
        switch (type)
        {
            case FieldDescriptorProto.Types.Type.Bytes or FieldDescriptorProto.Types.Type.String:
                return Convert.ToHexString(found.Bytes);
            case FieldDescriptorProto.Types.Type.Float or FieldDescriptorProto.Types.Type.Double:
                Assert.True(ProtoNumbers.TryDouble(found.Text, out double value), found.Text);
                string digits = value.ToString("R", CultureInfo.InvariantCulture);
                return Real(sign + digits, type == FieldDescriptorProto.Types.Type.Float);
            case FieldDescriptorProto.Types.Type.Bool or FieldDescriptorProto.Types.Type.Enum:
                return found.Text;
            default:
                Assert.True(ProtoNumbers.TryInteger(found.Text, out ulong integer), found.Text);
                return integer == 0 ? "0" : sign + integer.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static string Real(string text, bool isFloat)
    {
        double value = text.TrimStart('-') switch
        {
            "inf" or "Infinity" => double.PositiveInfinity,
            "nan" or "NaN" => double.NaN,
            string digits => double.Parse(digits, CultureInfo.InvariantCulture),
        };
        value = text.StartsWith('-') ? -value : value;
        return (isFloat ? (float)value : value).ToString("R", CultureInfo.InvariantCulture);
    }

    /// <summary>The bytes of a text with the escapes of C, as protoc writes them.</summary>
    internal static byte[] Unescape(string text)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, i, 1));
                continue;
            }

            i++;
            if (char.IsAsciiDigit(text[i]))
            {
                bytes.Add((byte)Convert.ToInt32(text.Substring(i, 3), 8));
                i += 2;
            }
            else
            {
                bytes.Add((byte)(text[i] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', char c => c }));
            }
        }

        return [.. bytes];
    }

    private void Enums(IList<EnumDescriptor> expected, List<ProtoEnum> found, string where)
    {
        if (!Same(expected.Select(e => e.FullName), found.Select(e => e.Name), $"{where}: enums"))
        {
            return;
        }

        foreach ((EnumDescriptor descriptor, ProtoEnum own) in expected.Zip(found))
        {
            EnumDescriptorProto proto = descriptor.ToProto();
            Same(
                proto.Value.Select(v => $"{v.Name}={v.Number}"),
                own.Values.Select(v => $"{v.Name}={v.Number}"),
                own.Name);
            bool isClosed = proto.Options?.Features is { HasEnumType: true } features
                ? features.EnumType == FeatureSet.Types.EnumType.Closed
                : _isFileClosed;
            Same(isClosed, own.IsClosed, $"{own.Name}: closed");
        }
    }

    private bool Same(IEnumerable<string> expected, IEnumerable<string> found, string where) =>
        Same(string.Join(", ", expected), string.Join(", ", found), where);

    private bool Same<T>(T expected, T found, string where)
    {
        bool isSame = EqualityComparer<T>.Default.Equals(expected, found);
        if (!isSame)
        {
            Differences.Add($"{where}: protoc has {expected}, the parser {found}");
        }

        return isSame;
    }
}
