namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>
/// Where the code of one process runs. A dead process never runs again, wherever it stood; a paused one keeps what it
/// would run until it is woken.
/// </summary>
internal sealed class SimulatedContext(Scheduler scheduler, string name) : SynchronizationContext
{
    private readonly List<(SendOrPostCallback Callback, object? State)> _held = [];

    public bool IsDead { get; private set; }

    public bool IsPaused { get; private set; }

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (!IsDead)
        {
            scheduler.Add(this, d, state);
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public override SynchronizationContext CreateCopy() => this;

    public override string ToString() => name;

    public void Kill()
    {
        IsDead = true;
        _held.Clear();
    }

    public void Pause() => IsPaused = true;

    public void Wake()
    {
        IsPaused = false;
        foreach ((SendOrPostCallback callback, object? state) in _held)
        {
            Post(callback, state);
        }

        _held.Clear();
    }

    /// <summary>Runs a piece of code here; false: not now, or never.</summary>
    internal bool Run(SendOrPostCallback callback, object? state)
    {
        if (IsPaused && !IsDead)
        {
            _held.Add((callback, state));
        }

        if (IsDead || IsPaused)
        {
            return false;
        }

        SetSynchronizationContext(this);
        try
        {
            callback(state);
        }
        catch (SimulatedCrashException) when (IsDead)
        {
            // The process ended in the middle of this.
        }
        finally
        {
            SetSynchronizationContext(null);
        }

        return true;
    }
}
