using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features;

/// <summary>
/// A fixed random rank of each row, by which weighted samples are drawn: u / weight with u in (0, 1] from the hash of
/// the row's position. The value whose rows have the smallest rank of all is one drawn with a probability that is its
/// part of the whole weight; so the k values of smallest rank are a weighted sample without replacement (Cohen and
/// Kaplan, "Summarizing data using bottom-k sketches", PODC 2007). It is a function of the set of rows.
/// </summary>
internal static class RowRank
{
    /// <summary>u of a row.</summary>
    internal static double Of(Position position)
    {
        ulong hash = StableHash.Of(position.Offset ^ ((long)position.Source * unchecked((long)0x9E3779B97F4A7C15)));
        return ((hash >> 11) + 1) * (1.0 / (1UL << 53));
    }
}
