namespace ContextGrid.Server.Http.Metrics;

/// <summary>The numbers of one set of tags. Guarded by its family's lock.</summary>
internal sealed class MetricSeries
{
    /// <summary>Upper bounds in seconds, from 50 µs, below which an answer of one entity stays, to 10 s, the default
    /// deadline over HTTP.</summary>
    internal static readonly double[] Bounds =
    [
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ];

    private readonly long[]? _counts;

    internal MetricSeries(KeyValuePair<string, object?>[] tags, MetricKind kind)
    {
        Tags = tags;
        _counts = kind == MetricKind.Histogram ? new long[Bounds.Length + 1] : null;
    }

    /// <summary>The tags.</summary>
    internal KeyValuePair<string, object?>[] Tags { get; }

    /// <summary>The value of a counter or gauge; the sum of a histogram.</summary>
    internal double Value { get; private set; }

    /// <summary>How many measurements fell into each bucket, the last one being above every bound; empty for
    /// other kinds.</summary>
    internal ReadOnlySpan<long> Counts => _counts;

    /// <summary>Takes a measurement of an instrument that reports changes.</summary>
    internal void Add(double value)
    {
        Value += value;
        if (_counts is null)
        {
            return;
        }

        int bucket = 0;
        while (bucket < Bounds.Length && value > Bounds[bucket])
        {
            bucket++;
        }

        _counts[bucket]++;
    }

    /// <summary>Takes a measurement of an instrument that reports totals.</summary>
    internal void Set(double value) => Value = value;
}
