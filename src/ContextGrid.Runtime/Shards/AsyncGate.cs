namespace ContextGrid.Runtime.Shards;

/// <summary>
/// One holder at a time, in the order in which they came. Whoever waits goes on where it began to wait, also when
/// the wait can be cancelled: <see cref="SemaphoreSlim"/> goes on from the thread pool then, which no simulation can
/// follow. Thread-safe.
/// </summary>
internal sealed class AsyncGate
{
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource> _waiting = [];
    private bool _isHeld;

    /// <summary>Takes the gate.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was ended; the gate is not held.</exception>
    internal ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource turn;
        lock (_lock)
        {
            if (!_isHeld)
            {
                _isHeld = true;
                return default;
            }

            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
        }

        return WaitAsync(turn, cancellationToken);
    }

    /// <summary>Gives the gate to whoever has waited the longest.</summary>
    internal void Release()
    {
        lock (_lock)
        {
            while (_waiting.TryDequeue(out TaskCompletionSource? next))
            {
                if (next.TrySetResult())
                {
                    return;
                }
            }

            _isHeld = false;
        }
    }

    private static async ValueTask WaitAsync(TaskCompletionSource turn, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static turn => (turn as TaskCompletionSource)?.TrySetCanceled(), turn);
        await turn.Task;
    }
}
