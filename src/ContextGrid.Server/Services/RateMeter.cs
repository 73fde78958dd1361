namespace ContextGrid.Server.Services;

/// <summary>
/// Events a second over the last ten seconds, from a counter that is looked at once a second. Thread-safe.
/// </summary>
internal sealed class RateMeter
{
    private const int Seconds = 10;

    private readonly long[] _counts = new long[Seconds + 1];
    private long _samples;

    /// <summary>The mean rate; 0 before the second look.</summary>
    internal double PerSecond
    {
        get
        {
            lock (_counts)
            {
                long last = _samples - 1;
                long span = Math.Min(last, Seconds);
                return span <= 0
                    ? 0
                    : (double)(_counts[last % _counts.Length] - _counts[(last - span) % _counts.Length]) / span;
            }
        }
    }

    /// <summary>Notes the counter; called once a second.</summary>
    internal void Sample(long count)
    {
        lock (_counts)
        {
            _counts[_samples++ % _counts.Length] = count;
        }
    }
}
