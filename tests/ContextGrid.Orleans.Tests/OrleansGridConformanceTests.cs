using ContextGrid.Core.Definitions;
using ContextGrid.TestKit.Grids;

namespace ContextGrid.Orleans.Tests;

/// <summary>The contract of the grid, on random scenarios, on two silos.</summary>
public sealed class OrleansGridConformanceTests : GridScenarioConformance
{
    protected override Task<GridUnderTest> StartAsync(DefinitionSet definitions) =>
        ClusterGrid.StartAsync(definitions, silos: 2);
}

/// <summary>The same on one silo.</summary>
public sealed class OneSiloConformanceTests : GridScenarioConformance
{
    protected override Task<GridUnderTest> StartAsync(DefinitionSet definitions) =>
        ClusterGrid.StartAsync(definitions, silos: 1);
}

/// <summary>What becomes of events on two silos.</summary>
public sealed class OrleansGridApplyTests(TwoSilos silos) : GridApplyConformance, IClassFixture<TwoSilos>
{
    protected override GridUnderTest Grid => silos.Grid;
}

/// <summary>The same on one silo.</summary>
public sealed class OneSiloApplyTests(OneSilo silo) : GridApplyConformance, IClassFixture<OneSilo>
{
    protected override GridUnderTest Grid => silo.Grid;
}

/// <summary>The same on three silos.</summary>
public sealed class ThreeSilosApplyTests(ThreeSilos silos) : GridApplyConformance, IClassFixture<ThreeSilos>
{
    protected override GridUnderTest Grid => silos.Grid;
}

/// <summary>Answers of two silos.</summary>
public sealed class OrleansGridReadTests(TwoSilos silos) : GridReadConformance, IClassFixture<TwoSilos>
{
    protected override GridUnderTest Grid => silos.Grid;
}

/// <summary>Answers of one silo.</summary>
public sealed class OneSiloReadTests(OneSilo silo) : GridReadConformance, IClassFixture<OneSilo>
{
    protected override GridUnderTest Grid => silo.Grid;
}

/// <summary>One silo for all tests of a class.</summary>
public sealed class OneSilo() : SharedGrid(silos: 1);

/// <summary>Two silos for all tests of a class.</summary>
public sealed class TwoSilos() : SharedGrid(silos: 2);

/// <summary>Three silos for all tests of a class.</summary>
public sealed class ThreeSilos() : SharedGrid(silos: 3);

/// <summary>Silos that run as long as the tests of a class.</summary>
public abstract class SharedGrid(int silos) : IAsyncLifetime
{
    /// <summary>The grid.</summary>
    internal GridUnderTest Grid { get; private set; } = null!; // Set before any test.

    public async ValueTask InitializeAsync() =>
        Grid = await ClusterGrid.StartAsync(GridConformance.Definitions, silos);

    public async ValueTask DisposeAsync()
    {
        await (Grid?.DisposeAsync() ?? default);
        GC.SuppressFinalize(this);
    }
}
