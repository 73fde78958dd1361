using System.Numerics;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>Binary search without branches that depend on the data: half of those would be predicted wrongly.</summary>
internal static class SortedSearch
{
    /// <summary>The index of the first item that is not below <paramref name="key"/>.</summary>
    public static int LowerBound<T>(ReadOnlySpan<T> sorted, T key)
        where T : struct, INumber<T>
    {
        if (sorted.IsEmpty)
        {
            return 0;
        }

        int low = 0;
        for (int rest = sorted.Length; rest > 1;)
        {
            int half = rest >> 1;
            low += half & -(sorted[low + half - 1] < key ? 1 : 0);
            rest -= half;
        }

        return low + (sorted[low] < key ? 1 : 0);
    }

    /// <summary>The index of an item equal to <paramref name="key"/>, or the complement of where it belongs.</summary>
    public static int Find<T>(ReadOnlySpan<T> sorted, T key)
        where T : struct, INumber<T>
    {
        int index = LowerBound(sorted, key);
        return index < sorted.Length && sorted[index] == key ? index : ~index;
    }
}
