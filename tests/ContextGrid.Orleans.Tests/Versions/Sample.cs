using Orleans.Serialization;

namespace ContextGrid.Orleans.Tests.Versions;

/// <summary>A value, and the bytes that the first version of its type was written as.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Hex">The bytes.</param>
/// <param name="Write">Writes the value.</param>
/// <param name="Rewrite">Reads bytes, and writes what it has read.</param>
internal sealed record Sample(
    Type Type, string Hex, Func<Serializer, byte[]> Write, Func<Serializer, byte[], byte[]> Rewrite)
{
    /// <summary>A value and its bytes.</summary>
    internal static Sample Of<T>(T value, string hex) => new(
        typeof(T),
        hex,
        s => s.SerializeToArray(value),
        (s, bytes) => s.SerializeToArray(s.Deserialize<T>(bytes)));
}
