namespace ContextGrid.Orleans.Replay;

/// <summary>
/// Keeps all replays of a silo within their budget: so many work at a time, and read so many records a second.
/// Thread-safe.
/// </summary>
internal sealed class ReplayTurns(ReplayOptions options, TimeProvider time)
{
    private readonly SemaphoreSlim _turns = new(options.ThreadsMax);
    private readonly Lock _gate = new();
    private long _due;

    /// <summary>Works for a turn.</summary>
    /// <param name="work">Reads some records, and returns how many.</param>
    /// <param name="cancellationToken">Ends the waiting before the turn and after it.</param>
    internal async ValueTask<int> TakeAsync(Func<ValueTask<int>> work, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        int records;
        try
        {
            records = await work();
        }
        finally
        {
            _turns.Release();
        }

        TimeSpan wait = PaceOf(records);
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken);
        }

        return records;
    }

    private TimeSpan PaceOf(int records)
    {
        if (options.RecordsPerSecondMax <= 0)
        {
            return TimeSpan.Zero;
        }

        lock (_gate)
        {
            long now = time.GetTimestamp();
            _due = Math.Max(_due, now) + (records * time.TimestampFrequency / options.RecordsPerSecondMax);
            return time.GetElapsedTime(now, _due);
        }
    }
}
