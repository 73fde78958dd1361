using System.Globalization;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>The edges of a histogram, parsed once and shared by its accumulators. Equal when the edges are.</summary>
internal sealed class HistogramEdges : IEquatable<HistogramEdges>
{
    private readonly double[] _edges;

    private HistogramEdges(double[] edges) => _edges = edges;

    /// <summary>How many buckets there are: one more than edges.</summary>
    public int BucketCount => _edges.Length + 1;

    /// <summary>Parses edges in round-trip form, joined by commas.</summary>
    /// <exception cref="FormatException">A part is not a number.</exception>
    public static HistogramEdges Parse(string text) => new(text.Length == 0
        ? []
        : Array.ConvertAll(text.Split(','), part => double.Parse(part, CultureInfo.InvariantCulture)));

    /// <summary>The bucket of a number: how many edges are not above it.</summary>
    public int BucketOf(double value)
    {
        int index = _edges.AsSpan().BinarySearch(value);
        return index >= 0 ? index + 1 : ~index;
    }

    /// <inheritdoc/>
    public bool Equals(HistogramEdges? other) => other is not null && _edges.AsSpan().SequenceEqual(other._edges);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as HistogramEdges);

    /// <inheritdoc/>
    public override int GetHashCode() => _edges.Length == 0 ? 0 : _edges[0].GetHashCode();
}
