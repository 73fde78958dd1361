namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>A machine's own clock: it runs as fast as the world's, and shows another time.</summary>
internal sealed class SkewedClock(SimulatedClock clock, TimeSpan skew) : TimeProvider
{
    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + skew;

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);
}
