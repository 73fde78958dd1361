namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>
/// The world's one clock: it stands still while anything can run, and jumps to the next timer when nothing can. A timer
/// fires on the context that made it, so that the timers of a dead process never do.
/// </summary>
internal sealed class SimulatedClock : TimeProvider
{
    private readonly PriorityQueue<(SimulatedTimer Timer, long Version), (long Ticks, long Number)> _timers = new();
    private long _ticks = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;
    private long _number;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Milliseconds since the Unix epoch.</summary>
    public long NowMs => GetUtcNow().ToUnixTimeMilliseconds();

    public override DateTimeOffset GetUtcNow() => new(_ticks, TimeSpan.Zero);

    public override long GetTimestamp() => _ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulatedTimer(this, callback, state, SynchronizationContext.Current);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Jumps to the next timer and fires it; false: there is none.</summary>
    public bool Advance()
    {
        while (_timers.TryDequeue(out (SimulatedTimer Timer, long Version) next, out (long Ticks, long Number) due))
        {
            if (next.Timer.IsDue(next.Version))
            {
                _ticks = Math.Max(_ticks, due.Ticks);
                next.Timer.Fire();
                return true;
            }
        }

        return false;
    }

    private void Schedule(SimulatedTimer timer, long version, TimeSpan due) =>
        _timers.Enqueue((timer, version), (_ticks + due.Ticks, ++_number));

    private sealed class SimulatedTimer(
        SimulatedClock clock, TimerCallback callback, object? state, SynchronizationContext? context) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;
        private long _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _version++;
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                clock.Schedule(this, _version, dueTime);
            }

            return true;
        }

        public bool IsDue(long version) => version == _version;

        public void Fire()
        {
            if (_period > TimeSpan.Zero)
            {
                clock.Schedule(this, _version, _period);
            }

            long version = _version;
            SendOrPostCallback run = _ =>
            {
                // Stopped or set anew between falling due and running: as with a real timer, it does not run then.
                if (version == _version)
                {
                    callback(state);
                }
            };
            if (context is null)
            {
                run(null);
            }
            else
            {
                context.Post(run, null);
            }
        }

        public void Dispose() => _version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
