using System.Collections.Concurrent;

namespace ContextGrid.Runtime.Queries;

/// <summary>
/// Scratch for queries, reused. Bounded: no more is kept than threads can use at a time, and nothing that a huge query
/// has made large, so that one burst does not stay in memory for good. Thread-safe.
/// </summary>
/// <param name="make">Makes a new one.</param>
/// <param name="bytes">About how many bytes one holds at present.</param>
/// <typeparam name="T">The scratch.</typeparam>
public sealed class ScratchPool<T>(Func<T> make, Func<T, long> bytes)
    where T : class
{
    /// <summary>The most bytes of one that is kept: an answer of 100 entities with 50 values fits.</summary>
    public const long BytesMax = 1 << 20;

    /// <summary>The most that are kept: a query runs on one thread, and few more than the processors run.</summary>
    public static readonly int CountMax = 4 * Environment.ProcessorCount;

    private readonly ConcurrentBag<T> _kept = [];
    private int _count;

    /// <summary>How many are kept.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes one, kept or new.</summary>
    public T Take()
    {
        if (!_kept.TryTake(out T? scratch))
        {
            return make();
        }

        Interlocked.Decrement(ref _count);
        return scratch;
    }

    /// <summary>Gives one back; it is kept or left to the garbage collector.</summary>
    public void Give(T scratch)
    {
        if (bytes(scratch) > BytesMax)
        {
            return;
        }

        if (Interlocked.Increment(ref _count) > CountMax)
        {
            Interlocked.Decrement(ref _count);
            return;
        }

        _kept.Add(scratch);
    }
}
