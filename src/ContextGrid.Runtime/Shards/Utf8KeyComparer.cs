using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// Compares keys by their bytes, so that a key can be looked up from a slice of a record without a copy.
/// </summary>
internal sealed class Utf8KeyComparer
    : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    internal static Utf8KeyComparer Instance { get; } = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] key) => GetHashCode(key.AsSpan());

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    // The shard is chosen by the hash's high bits, the bucket by its low ones.
    public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)StableHash.Of(alternate);
}
