using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Runtime.Shards;

/// <summary>A set of shards, as 256 bits. Immutable.</summary>
public readonly record struct ShardSet
{
    /// <summary>The bytes of a set.</summary>
    public const int Bytes = 32;

    private readonly Words _words;

    private ShardSet(Words words) => _words = words;

    /// <summary>No shard.</summary>
    public static ShardSet Empty => default;

    /// <summary>How many shards.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (ulong word in _words)
            {
                count += BitOperations.PopCount(word);
            }

            return count;
        }
    }

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => this == Empty;

    /// <summary>The first <paramref name="count"/> shards.</summary>
    public static ShardSet All(int count)
    {
        ShardSet all = default;
        for (int shard = 0; shard < count; shard++)
        {
            all = all.With(shard);
        }

        return all;
    }

    /// <summary>These shards.</summary>
    public static ShardSet Of(IEnumerable<int> shards)
    {
        ShardSet set = default;
        foreach (int shard in shards)
        {
            set = set.With(shard);
        }

        return set;
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="SnapshotFormatException">It is something else.</exception>
    public static ShardSet Read(ref SnapshotReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Bytes();
        if (bytes.Length != Bytes)
        {
            throw new SnapshotFormatException($"A set of shards is not {Bytes} bytes.");
        }

        Words words = default;
        for (int i = 0; i < Words.Count; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * 8)..]);
        }

        return new ShardSet(words);
    }

    /// <summary>Whether a shard is in the set.</summary>
    public bool Contains(int shard) => (_words[shard >> 6] & (1UL << (shard & 63))) != 0;

    /// <summary>The set with one more shard.</summary>
    public ShardSet With(int shard)
    {
        Words words = _words;
        words[shard >> 6] |= 1UL << (shard & 63);
        return new ShardSet(words);
    }

    /// <summary>The shards of either set.</summary>
    public ShardSet Union(ShardSet other)
    {
        Words words = _words;
        for (int i = 0; i < Words.Count; i++)
        {
            words[i] |= other._words[i];
        }

        return new ShardSet(words);
    }

    /// <summary>The shards of both sets.</summary>
    public ShardSet Intersect(ShardSet other)
    {
        Words words = _words;
        for (int i = 0; i < Words.Count; i++)
        {
            words[i] &= other._words[i];
        }

        return new ShardSet(words);
    }

    /// <summary>The shards of this set that are not in the other.</summary>
    public ShardSet Except(ShardSet other)
    {
        Words words = _words;
        for (int i = 0; i < Words.Count; i++)
        {
            words[i] &= ~other._words[i];
        }

        return new ShardSet(words);
    }

    /// <summary>The shards, ascending.</summary>
    public IEnumerable<int> Shards()
    {
        for (int shard = 0; shard < Words.Count * 64; shard++)
        {
            if (Contains(shard))
            {
                yield return shard;
            }
        }
    }

    /// <summary>Writes the set: a length and four words of 64 shards, little-endian.</summary>
    public void Write(SnapshotWriter writer)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        for (int i = 0; i < Words.Count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[(i * 8)..], _words[i]);
        }

        writer.Bytes(bytes);
    }

    /// <inheritdoc/>
    public bool Equals(ShardSet other) => ((ReadOnlySpan<ulong>)_words).SequenceEqual(other._words);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_words[0], _words[1], _words[2], _words[3]);

    /// <inheritdoc/>
    public override string ToString() => $"{Count} shards";

    [InlineArray(Count)]
    private struct Words
    {
        internal const int Count = 4;

        private ulong _first;
    }
}
