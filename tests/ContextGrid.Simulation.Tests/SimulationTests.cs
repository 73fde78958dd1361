using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests;

/// <summary>The simulation as part of the tests. <c>CONTEXTGRID_SEED</c> sets the first seed.</summary>
public sealed class SimulationTests
{
    private const int Seeds = 1_000;

    [Fact]
    public void Run_ThousandSeeds_EverythingHolds()
    {
        long from = long.TryParse(Environment.GetEnvironmentVariable("CONTEXTGRID_SEED"), out long seed) ? seed : 1;
        SimulationReport? failure = SimulationRuns.Run(from, Seeds);
        Assert.True(failure is null, failure is null ? "" : SimulationRuns.Describe(failure));
    }

    [Fact]
    public void Run_SameSeedTwice_TakesTheSameSteps()
    {
        for (long seed = 1; seed <= 20; seed++)
        {
            SimulationReport first = SimulationRun.Run(new SimulationOptions(seed));
            SimulationReport second = SimulationRun.Run(new SimulationOptions(seed));
            Assert.Equal(first.Trace, second.Trace);
            Assert.Equal(first.Steps, second.Steps);
        }
    }
}
