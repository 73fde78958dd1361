namespace ContextGrid.Simulation.Tests.World;

/// <summary>
/// What a log of brokers does besides keeping records, with a random of its own, so that whatever else is drawn stays
/// what it is.
/// </summary>
internal sealed class LogTopology(SimulationPlan plan, long seed)
{
    private const double LookIntervalMs = 1_000;

    private readonly Random _random = new(unchecked((int)seed * 37));

    /// <summary>The probability that an append breaks off.</summary>
    public double CutAppends { get; set; } = plan.Has(Faults.CutAppends) ? 0.05 : 0;

    /// <summary>How many records of an append are taken.</summary>
    public int CutsAppend(int records) =>
        CutAppends > 0 && _random.NextDouble() < CutAppends ? _random.Next(records) : records;

    /// <summary>How many offsets behind a record hold none.</summary>
    public int Markers() => plan.Has(Faults.Markers) && _random.Next(4) == 0 ? _random.Next(1, 4) : 0;

    /// <summary>Whether an end that was seen so many milliseconds ago is not looked at again yet.</summary>
    public bool IsLate(double ageMs) => plan.Has(Faults.LateEnds) && ageMs < LookIntervalMs;
}
