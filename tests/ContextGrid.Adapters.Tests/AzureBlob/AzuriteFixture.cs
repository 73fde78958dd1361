using Azure.Storage.Blobs;
using ContextGrid.Adapters.AzureBlob;
using ContextGrid.TestKit.Parts;

namespace ContextGrid.Adapters.Tests.AzureBlob;

/// <summary>One Azurite and one proxy for all tests of the collection, started by the first that wants them.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    /// <summary>Quick to give up, so that tests of faults are quick.</summary>
    public static readonly AzureBlobOptions Impatient = new()
    {
        AttemptMax = TimeSpan.FromSeconds(1),
        RetriesMax = 2,
        DelayMin = TimeSpan.FromMilliseconds(20),
        DelayMax = TimeSpan.FromMilliseconds(100),
        BlockBytesMax = 64 << 10,
    };

    private AzuriteProcess? _azurite;
    private Toxiproxy? _proxy;
    private int _places;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => default;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await (_proxy?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_azurite?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    /// <summary>The emulator; skips the test where it cannot be had.</summary>
    public async Task<AzuriteProcess> RequireAsync() =>
        _azurite ??= await AzuriteProcess.StartAsync("--inMemoryPersistence");

    /// <summary>A new way to the emulator, which the test may break.</summary>
    public async Task<ToxicRoute> RouteAsync()
    {
        AzuriteProcess azurite = await RequireAsync();
        _proxy ??= await Toxiproxy.StartAsync();
        return await _proxy.RouteAsync(azurite.Port);
    }

    /// <summary>A prefix that no other test has.</summary>
    public string NewPrefix() => $"test-{Interlocked.Increment(ref _places)}/grid";

    /// <summary>Opens a store.</summary>
    /// <param name="prefix">Its prefix.</param>
    /// <param name="port">The port of a route; 0: straight to the emulator.</param>
    /// <param name="options">The limits; null: the default.</param>
    public async Task<AzureBlobSnapshotStore> OpenAsync(string prefix, int port = 0, AzureBlobOptions? options = null)
    {
        AzuriteProcess azurite = await RequireAsync();
        string text = $"{azurite.ConnectionStringAt(port == 0 ? azurite.Port : port)};Container=tests;Prefix={prefix}";
        return await AzureBlobSnapshotStore.OpenAsync(
            Address(text), options ?? new AzureBlobOptions(), TimeProvider.System, CancellationToken.None);
    }

    /// <summary>The container, without the store.</summary>
    public async Task<BlobContainerClient> ContainerAsync(string name = "tests") =>
        new((await RequireAsync()).ConnectionString, name);

    /// <summary>Reads an address that is one.</summary>
    public static AzureBlobAddress Address(string text) =>
        AzureBlobAddress.TryParse(text, out AzureBlobAddress? address, out string? error)
            ? address
            : throw new InvalidOperationException(error);
}

/// <summary>Tests that share the emulator; one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<AzuriteFixture>
{
    /// <summary>Its name.</summary>
    public const string Name = "Azurite";
}
