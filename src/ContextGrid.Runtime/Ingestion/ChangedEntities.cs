namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Which of a follower's entities have changed since it looked last, each once however often it changed: what waits is
/// bounded by what is followed. Marked by whoever applies events, taken by one follower. Thread-safe.
/// </summary>
/// <param name="count">How many entities are followed.</param>
public sealed class ChangedEntities(int count)
{
    private readonly Lock _gate = new();
    private readonly Signal _signal = new();
    private readonly bool[] _isMarked = new bool[count];
    private readonly int[] _marked = new int[count];
    private int _count;

    /// <summary>Notes that an entity has changed. Costs nothing but a look when it was noted already.</summary>
    /// <param name="index">Its place among the followed ones.</param>
    public void Mark(int index)
    {
        lock (_gate)
        {
            if (_isMarked[index])
            {
                return;
            }

            _isMarked[index] = true;
            _marked[_count++] = index;
            if (_count > 1)
            {
                return;
            }
        }

        _signal.Set();
    }

    /// <summary>Waits until something has changed, or for a time.</summary>
    /// <param name="most">How long at most; <see cref="Timeout.InfiniteTimeSpan"/>: no bound.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False: the time is over.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<bool> WaitAsync(TimeSpan most, TimeProvider time, CancellationToken cancellationToken)
    {
        long seen = _signal.Version;
        lock (_gate)
        {
            if (_count > 0)
            {
                return true;
            }
        }

        return await _signal.WaitAsync(seen, most, time, cancellationToken);
    }

    /// <summary>Takes what has changed, in the order of the places, and forgets it.</summary>
    /// <param name="changed">Cleared, then filled.</param>
    public void Take(List<int> changed)
    {
        changed.Clear();
        lock (_gate)
        {
            changed.AddRange(_marked.AsSpan(0, _count));
            foreach (int index in changed)
            {
                _isMarked[index] = false;
            }

            _count = 0;
        }

        changed.Sort();
    }
}
