namespace ContextGrid.Runtime.Tests.Demo;

/// <summary>A clock whose timers fire when the test says so.</summary>
internal sealed class ManualTime(long startMs) : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private long _nowMs = startMs;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(_nowMs);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(callback, state);
        lock (_timers)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    internal void Advance(TimeSpan by)
    {
        _nowMs += (long)by.TotalMilliseconds;
        Timer[] timers;
        lock (_timers)
        {
            timers = [.. _timers];
        }

        foreach (Timer timer in timers)
        {
            timer.Fire();
        }
    }

    private sealed class Timer(TimerCallback callback, object? state) : ITimer
    {
        private bool _disposed;

        public void Fire()
        {
            if (!_disposed)
            {
                callback(state);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => _disposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
