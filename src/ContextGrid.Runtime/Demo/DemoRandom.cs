namespace ContextGrid.Runtime.Demo;

/// <summary>
/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014): a few numbers from a
/// seed and an index, the same on every machine and runtime. Not for secrets.
/// </summary>
internal struct DemoRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state;

    /// <summary>The numbers of one event, independent of all other events'.</summary>
    internal DemoRandom(long seed, long index) =>
        _state = Mix(Mix(unchecked((ulong)seed)) + unchecked((ulong)index * Golden));

    /// <summary>In [0, 1), a multiple of 2^−53.</summary>
    internal double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>In [0, <paramref name="limit"/>); the limit is from 1 to 2^31.</summary>
    internal int NextInt32(int limit) => (int)((NextUInt64() >> 32) * (ulong)limit >> 32);

    private ulong NextUInt64() => Mix(_state = unchecked(_state + Golden));

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
