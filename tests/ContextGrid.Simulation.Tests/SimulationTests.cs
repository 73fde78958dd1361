using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests;

/// <summary>The simulation as part of the tests. <c>CONTEXTGRID_SEED</c> sets the first seed.</summary>
public sealed class SimulationTests
{
    private const int Seeds = 1_000;
    private const int ClusterSeeds = 60;

    private static long From =>
        long.TryParse(Environment.GetEnvironmentVariable("CONTEXTGRID_SEED"), out long seed) ? seed : 1;

    [Fact]
    public void Run_ThousandSeeds_EverythingHolds() => Require(SimulationRuns.Run(From, Seeds));

    [Fact]
    public void Run_SeveralProcesses_EverythingHolds() =>
        Require(SimulationRuns.Run(From, ClusterSeeds, isCluster: true));

    [Theory]
    [InlineData(20, false)]
    [InlineData(5, true)]
    public void Run_SameSeedTwice_TakesTheSameSteps(int seeds, bool isCluster)
    {
        for (long seed = 1; seed <= seeds; seed++)
        {
            SimulationReport first = SimulationRun.Run(new SimulationOptions(seed, IsCluster: isCluster));
            SimulationReport second = SimulationRun.Run(new SimulationOptions(seed, IsCluster: isCluster));
            Assert.Equal(first.Trace, second.Trace);
            Assert.Equal(first.Steps, second.Steps);
        }
    }

    private static void Require(SimulationReport? failure) =>
        Assert.True(failure is null, failure is null ? "" : SimulationRuns.Describe(failure));
}
