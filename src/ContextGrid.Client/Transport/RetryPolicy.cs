namespace ContextGrid.Client.Transport;

/// <summary>
/// Decides whether a failed call is tried again, and waits: exponential backoff with full jitter, bounded in number
/// and length ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015). Thread-safe.
/// </summary>
internal sealed class RetryPolicy
{
    private readonly ContextGridClientOptions _options;
    private readonly Random _jitter;
    private readonly Lock _jitterLock = new();

    public RetryPolicy(ContextGridClientOptions options)
    {
        _options = options;
        _jitter = new Random(options.JitterSeed);
    }

    /// <summary>Runs a call with its retries within the options' time-out.</summary>
    /// <param name="safeToRepeat">Whether a second execution of the same call changes nothing.</param>
    /// <param name="attempt">One attempt, given the remaining time.</param>
    /// <param name="cancellation">Cancels the waits; the attempt sees to itself.</param>
    public async Task<T> RunAsync<T>(
        bool safeToRepeat, Func<TimeSpan, Task<T>> attempt, CancellationToken cancellation)
    {
        var started = _options.TimeProvider.GetTimestamp();
        for (var number = 1; ; number++)
        {
            var remaining = _options.Timeout - _options.TimeProvider.GetElapsedTime(started);
            try
            {
                return await attempt(remaining > TimeSpan.Zero ? remaining : TimeSpan.FromMilliseconds(1));
            }
            catch (ContextGridException e) when (MayRetry(e, safeToRepeat, number))
            {
                var wait = Wait(number);
                if (wait >= _options.Timeout - _options.TimeProvider.GetElapsedTime(started))
                    throw;
                await Task.Delay(wait, _options.TimeProvider, cancellation);
            }
        }
    }

    /// <summary>Whether this failure of the attempt with this number (from 1) may be followed by another.</summary>
    public bool MayRetry(ContextGridException failure, bool safeToRepeat, int number) =>
        number < _options.AttemptsMax
        && failure.StatusCode == GrpcStatusCode.Unavailable
        && (safeToRepeat || !failure.RequestSent);

    /// <summary>The wait after the attempt with this number (from 1).</summary>
    public TimeSpan Wait(int number)
    {
        var ceiling = _options.BackoffInitial.TotalMilliseconds * (1L << Math.Min(number - 1, 30));
        double fraction;
        lock (_jitterLock)
            fraction = _jitter.NextDouble();
        return TimeSpan.FromMilliseconds(Math.Min(ceiling, _options.BackoffMax.TotalMilliseconds) * fraction);
    }
}
