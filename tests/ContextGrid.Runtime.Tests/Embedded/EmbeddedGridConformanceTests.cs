using ContextGrid.Core.Definitions;
using ContextGrid.TestKit.Grids;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>The contract of the grid, on random scenarios, in one process.</summary>
public sealed class EmbeddedGridConformanceTests : GridScenarioConformance
{
    protected override int Runs => 10;

    protected override Task<GridUnderTest> StartAsync(DefinitionSet definitions) =>
        Task.FromResult(GridUnderTest.Embedded(definitions));
}

/// <summary>What becomes of events in one process.</summary>
public sealed class EmbeddedGridApplyTests : GridApplyConformance
{
    protected override GridUnderTest Grid { get; } = GridUnderTest.Embedded(Definitions);
}

/// <summary>Answers in one process.</summary>
public sealed class EmbeddedGridReadTests : GridReadConformance
{
    protected override GridUnderTest Grid { get; } = GridUnderTest.Embedded(Definitions);
}
