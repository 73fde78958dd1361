namespace ContextGrid.Runtime.Demo;

/// <summary>What simulated traffic is like. Equal shapes give equal events, byte for byte, on every machine.</summary>
/// <param name="Users">How many users, at least 1. The busiest 1 % of them make 10 % of the events.</param>
/// <param name="Seed">Any number.</param>
/// <param name="StartMs">The time of event 0, milliseconds since the Unix epoch.</param>
/// <param name="StepMs">From one event to the next, in milliseconds; 0.25 for 4,000 events a second.</param>
/// <param name="LateFraction">How many of the events are up to ten minutes late, 0 to 1.</param>
/// <param name="DuplicateFraction">How many of the events repeat one of the last 50, byte for byte, 0 to 1.</param>
/// <param name="BadFraction">How many of the events are refused by the example definitions, 0 to 1.</param>
public sealed record TrafficShape(
    int Users,
    long Seed,
    long StartMs,
    double StepMs = 1,
    double LateFraction = 0,
    double DuplicateFraction = 0,
    double BadFraction = 0)
{
    private const int LateMsMax = 600_000;

    /// <summary>An event of this or fewer bytes fits every generator's buffer.</summary>
    public const int EventBytesMax = 512;

    /// <summary>The time of an event that is in time.</summary>
    public long TimeMs(long index) => StartMs + (long)(index * StepMs);

    /// <summary>Which event to write at an index, and how: the same decision for the same index.</summary>
    internal (long Index, long TimeMs, bool Bad) Choose(long index)
    {
        var random = new DemoRandom(Seed ^ 0x5EED, index);
        if (random.NextDouble() < DuplicateFraction)
        {
            // What is repeated is what that index itself writes when it is not a repetition.
            index = Math.Max(0, index - 1 - random.NextInt32(50));
            random = new DemoRandom(Seed ^ 0x5EED, index);
            random.NextDouble();
        }

        bool late = random.NextDouble() < LateFraction;
        long timeMs = TimeMs(index) - (late ? 1 + random.NextInt32(LateMsMax) : 0);
        return (index, timeMs, random.NextDouble() < BadFraction);
    }
}
