using System.Diagnostics.CodeAnalysis;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>Finds messages and enums by name, in a file and in those that it imports.</summary>
internal sealed class ProtoScope
{
    private readonly Dictionary<string, ProtoMessage> _messages = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ProtoEnum> _enums = new(StringComparer.Ordinal);

    /// <summary>Adds what a file declares.</summary>
    internal void Add(ProtoFile file)
    {
        foreach (ProtoMessage message in file.Messages)
        {
            Add(message);
        }

        Add(file.Enums);
    }

    /// <summary>
    /// Finds a message by the name that a field of another has: the scopes around the field are tried from the
    /// innermost outwards (Protocol Buffers language guide, "Packages and name resolution").
    /// </summary>
    internal bool TryMessage(string name, string scope, [NotNullWhen(true)] out ProtoMessage? message) =>
        TryFind(_messages, name, scope, out message);

    /// <summary>Finds an enum in the same way.</summary>
    internal bool TryEnum(string name, string scope, [NotNullWhen(true)] out ProtoEnum? found) =>
        TryFind(_enums, name, scope, out found);

    private static bool TryFind<T>(
        Dictionary<string, T> named, string name, string scope, [NotNullWhen(true)] out T? found)
        where T : class
    {
        if (name.StartsWith('.'))
        {
            return named.TryGetValue(name[1..], out found);
        }

        while (scope.Length > 0)
        {
            if (named.TryGetValue($"{scope}.{name}", out found))
            {
                return true;
            }

            scope = scope[..Math.Max(0, scope.LastIndexOf('.'))];
        }

        return named.TryGetValue(name, out found);
    }

    private void Add(ProtoMessage message)
    {
        _messages[message.Name] = message;
        Add(message.Enums);
        foreach (ProtoMessage inner in message.Messages)
        {
            Add(inner);
        }
    }

    private void Add(List<ProtoEnum> enums)
    {
        foreach (ProtoEnum found in enums)
        {
            _enums[found.Name] = found;
        }
    }
}
