using System.Diagnostics.CodeAnalysis;

namespace ContextGrid.Runtime.Queries;

/// <summary>
/// Compares lists of names as lists: the same names in the same order. A name may be any text, so that no joined text
/// can stand for a list.
/// </summary>
internal sealed class NameListComparer : IEqualityComparer<IReadOnlyList<string>>
{
    /// <summary>The one comparer.</summary>
    internal static readonly NameListComparer Instance = new();

    private NameListComparer()
    {
    }

    /// <inheritdoc/>
    public bool Equals(IReadOnlyList<string>? x, IReadOnlyList<string>? y)
    {
        if (x is null || y is null || x.Count != y.Count)
        {
            return ReferenceEquals(x, y);
        }

        for (int i = 0; i < x.Count; i++)
        {
            if (!string.Equals(x[i], y[i], StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public int GetHashCode([DisallowNull] IReadOnlyList<string> obj)
    {
        var hash = default(HashCode);
        for (int i = 0; i < obj.Count; i++)
        {
            hash.Add(obj[i]);
        }

        return hash.ToHashCode();
    }
}
