namespace ContextGrid.Server.Services;

/// <summary>
/// When the values of watched entities can change by time alone. A queue with at most one valid entry an entity: to set
/// a time and to take what is due cost the logarithm of their number. One thread at a time.
/// </summary>
/// <param name="count">How many entities are watched.</param>
internal sealed class WatchTimes(int count)
{
    private readonly PriorityQueue<int, long> _queue = new();
    private readonly long[] _nextMs = NewTimes(count);

    /// <summary>The earliest of all times, milliseconds; <see cref="long.MaxValue"/>: there is none.</summary>
    internal long EarliestMs
    {
        get
        {
            while (_queue.TryPeek(out int index, out long atMs))
            {
                if (_nextMs[index] == atMs)
                {
                    return atMs;
                }

                // The entity has another time by now.
                _queue.Dequeue();
            }

            return long.MaxValue;
        }
    }

    /// <summary>Sets the time of an entity instead of its former one.</summary>
    internal void Set(int index, long nextMs)
    {
        if (_nextMs[index] == nextMs)
        {
            return;
        }

        _nextMs[index] = nextMs;
        if (nextMs == long.MaxValue)
        {
            return;
        }

        if (_queue.Count >= 2 * _nextMs.Length)
        {
            MakeAnew();
        }
        else
        {
            _queue.Enqueue(index, nextMs);
        }
    }

    /// <summary>Takes the entities whose time has come, and forgets their times.</summary>
    /// <param name="nowMs">The present time.</param>
    /// <param name="due">Takes their places.</param>
    internal void TakeDue(long nowMs, List<int> due)
    {
        while (EarliestMs <= nowMs)
        {
            int index = _queue.Dequeue();
            _nextMs[index] = long.MaxValue;
            due.Add(index);
        }
    }

    private void MakeAnew()
    {
        _queue.Clear();
        for (int i = 0; i < _nextMs.Length; i++)
        {
            if (_nextMs[i] != long.MaxValue)
            {
                _queue.Enqueue(i, _nextMs[i]);
            }
        }
    }

    private static long[] NewTimes(int count)
    {
        long[] times = new long[count];
        Array.Fill(times, long.MaxValue);
        return times;
    }
}
