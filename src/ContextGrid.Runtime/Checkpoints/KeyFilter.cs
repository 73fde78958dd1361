namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Tells which hashes a segment cannot have: a split block Bloom filter, one cache line a question (Apache Parquet's
/// specification, https://github.com/apache/parquet-format/blob/master/BloomFilter.md). Never wrong about a hash that
/// was added; of others about one in a thousand passes. Read by many threads once it is filled.
/// </summary>
internal sealed class KeyFilter
{
    // A key that exists nowhere asks every live segment, some thirty, and should cost no read: so 16 bits a key (one in
    // a thousand passes) and not 10 (one in a hundred). Beside an entity's kilobyte two bytes do not count.
    private const int BitsPerKey = 16;

    private const int BlockWords = 8;
    private const int BlockBits = BlockWords * 32;

    private readonly uint[] _words;
    private readonly uint _blocks;

    /// <summary>Creates an empty filter for so many keys.</summary>
    internal KeyFilter(int keys)
    {
        _blocks = (uint)Math.Max(1, (((long)keys * BitsPerKey) + BlockBits - 1) / BlockBits);
        _words = new uint[_blocks * BlockWords];
    }

    /// <summary>The memory that it takes.</summary>
    internal long Bytes => _words.LongLength * sizeof(uint);

    private static ReadOnlySpan<uint> Salts =>
    [
        0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
    ];

    /// <summary>Adds a hash.</summary>
    internal void Add(ulong hash)
    {
        Span<uint> block = _words.AsSpan(BlockOf(hash), BlockWords);
        ReadOnlySpan<uint> salts = Salts;
        for (int i = 0; i < BlockWords; i++)
        {
            block[i] |= 1u << (int)(((uint)hash * salts[i]) >> 27);
        }
    }

    /// <summary>False: the hash was never added.</summary>
    internal bool MayHave(ulong hash)
    {
        ReadOnlySpan<uint> block = _words.AsSpan(BlockOf(hash), BlockWords);
        ReadOnlySpan<uint> salts = Salts;
        for (int i = 0; i < BlockWords; i++)
        {
            if ((block[i] & (1u << (int)(((uint)hash * salts[i]) >> 27))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    // The hashes of one segment lie close together, so their high bits alone would choose a few blocks only.
    private int BlockOf(ulong hash) =>
        (int)((((hash * 0x9E3779B97F4A7C15) >> 32) * _blocks) >> 32) * BlockWords;
}
