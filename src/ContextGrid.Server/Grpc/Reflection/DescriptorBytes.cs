using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ContextGrid.Server.Grpc.Reflection;

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
