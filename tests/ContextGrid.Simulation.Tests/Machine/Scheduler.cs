namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>
/// Runs everything on one thread: of what can run it picks by the seed, and when nothing can, the clock jumps.
/// </summary>
internal sealed class Scheduler(SimulatedClock clock, Random random)
{
    private readonly List<(SimulatedContext Context, SendOrPostCallback Callback, object? State)> _ready = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;

    /// <summary>How many pieces of code have run.</summary>
    public long Steps { get; private set; }

    /// <summary>Runs until a task has ended.</summary>
    /// <exception cref="SimulationFailure">Nothing can run any more, or far too much has run.</exception>
    public void RunUntil(Task end)
    {
        while (!end.IsCompleted)
        {
            if (!RunOne() && !clock.Advance())
            {
                throw new SimulationFailure("nothing can run, and no timer is set: everything waits for ever");
            }

            if (Steps > 2_000_000)
            {
                throw new SimulationFailure("two million steps without an end: something runs in circles");
            }
        }

        end.GetAwaiter().GetResult();
    }

    internal void Add(SimulatedContext context, SendOrPostCallback callback, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            // What runs elsewhere can't be repeated from the seed.
            Environment.FailFast(
                $"Simulated code came back from another thread: {(state as Action)?.Target?.GetType()}\n"
                + Environment.StackTrace);
        }

        _ready.Add((context, callback, state));
    }

    private bool RunOne()
    {
        while (_ready.Count > 0)
        {
            int at = random.Next(_ready.Count);
            (SimulatedContext context, SendOrPostCallback callback, object? state) = _ready[at];
            _ready[at] = _ready[^1];
            _ready.RemoveAt(_ready.Count - 1);
            if (context.Run(callback, state))
            {
                Steps++;
                return true;
            }
        }

        return false;
    }
}
