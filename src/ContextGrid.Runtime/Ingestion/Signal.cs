namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Wakes everybody who waits for something to change. A waiter notes <see cref="Version"/>, looks whether it has what
/// it wants, and waits for a change after that version; so no change is missed, and nothing of a wait remains when it
/// ends. Thread-safe.
/// </summary>
internal sealed class Signal
{
    private readonly Lock _gate = new();
    private List<Waiter>? _waiters;
    private long _version;

    /// <summary>Grows with every change.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Says that something has changed.</summary>
    public void Set()
    {
        List<Waiter>? waiters;
        lock (_gate)
        {
            _version++;
            waiters = _waiters;
            _waiters = null;
        }

        if (waiters is null)
        {
            return;
        }

        foreach (Waiter waiter in waiters)
        {
            waiter.TrySetResult(true);
        }
    }

    /// <summary>Waits for a change.</summary>
    /// <param name="seen">The version that was noted before looking.</param>
    /// <param name="most">How long at most; <see cref="Timeout.InfiniteTimeSpan"/>: no bound.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False: the time is over.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<bool> WaitAsync(
        long seen, TimeSpan most, TimeProvider time, CancellationToken cancellationToken)
    {
        Waiter? waiter = Add(seen);
        if (waiter is null)
        {
            return true;
        }

        using CancellationTokenRegistration cancelled = cancellationToken.UnsafeRegister(
            static (state, token) => ((Waiter?)state)?.TrySetCanceled(token), waiter);
        using ITimer? timer = most == Timeout.InfiniteTimeSpan ? null : time.CreateTimer(
            static state => ((Waiter?)state)?.TrySetResult(false), waiter, most, Timeout.InfiniteTimeSpan);
        try
        {
            // Awaited itself: through WhenAny or Task.WaitAsync the continuation would take another thread's detour.
            return await waiter.Task;
        }
        finally
        {
            Remove(waiter);
        }
    }

    /// <summary>Waits for a change, however long.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<bool> WaitAsync(long seen, CancellationToken cancellationToken) =>
        WaitAsync(seen, Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    private Waiter? Add(long seen)
    {
        lock (_gate)
        {
            if (_version != seen)
            {
                return null;
            }

            var waiter = new Waiter();
            (_waiters ??= []).Add(waiter);
            return waiter;
        }
    }

    private void Remove(Waiter waiter)
    {
        lock (_gate)
        {
            _waiters?.Remove(waiter);
        }
    }

    private sealed class Waiter() : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
}
