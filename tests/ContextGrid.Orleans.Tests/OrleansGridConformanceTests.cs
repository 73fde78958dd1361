using ContextGrid.Core.Definitions;
using ContextGrid.Orleans.Storage;
using ContextGrid.TestKit.Grids;
using ContextGrid.TestKit.Parts;

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

/// <summary>The same on one silo whose grains are blobs.</summary>
public sealed class BlobGridApplyTests(BlobSilo silo) : GridApplyConformance, IClassFixture<BlobSilo>
{
    protected override GridUnderTest Grid => silo.Grid;
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

/// <summary>One silo whose grains are blobs, on Azurite.</summary>
public sealed class BlobSilo() : SharedGrid(silos: 1)
{
    private AzuriteProcess? _azurite;

    /// <inheritdoc/>
    internal override async Task<Func<SiloOptions, SiloOptions>?> PrepareAsync()
    {
        _azurite = await AzuriteProcess.StartAsync("--inMemoryPersistence");
        return o => o with { Blobs = new BlobPerGrain(_azurite.ConnectionString) };
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await (_azurite?.DisposeAsync() ?? default);
    }
}

/// <summary>Silos that run as long as the tests of a class.</summary>
public abstract class SharedGrid(int silos) : IAsyncLifetime
{
    /// <summary>The grid.</summary>
    internal GridUnderTest Grid { get; private set; } = null!; // Set before any test.

    public async ValueTask InitializeAsync() =>
        Grid = await ClusterGrid.StartAsync(GridConformance.Definitions, silos, await PrepareAsync());

    public virtual async ValueTask DisposeAsync()
    {
        await (Grid?.DisposeAsync() ?? default);
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts what the silos need; the change of their options, if there is one.</summary>
    internal virtual Task<Func<SiloOptions, SiloOptions>?> PrepareAsync() =>
        Task.FromResult<Func<SiloOptions, SiloOptions>?>(null);
}
