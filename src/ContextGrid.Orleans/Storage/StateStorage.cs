using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Serialization;
using Orleans.Storage;

namespace ContextGrid.Orleans.Storage;

/// <summary>Chooses where grains have their state.</summary>
internal static class StateStorage
{
    private const string BlobsName = GridContext.StorageName + ".Blobs";

    /// <summary>Adds the storage of all grains: ours over the snapshot store, or a blob for each grain.</summary>
    internal static void AddStateStorage(this IServiceCollection services, BlobPerGrain? blobs)
    {
        if (blobs is null)
        {
            services.AddKeyedSingleton<IGrainStorage>(GridContext.StorageName, (all, _) => new SnapshotGrainStorage(
                all.GetRequiredService<IGrainFactory>(), all.GetRequiredService<Serializer>()));
            return;
        }

        // The same bytes as in snapshots, whoever keeps them.
        services.AddAzureBlobGrainStorage(BlobsName, options => options.Configure<Serializer>((o, serializer) =>
        {
            o.BlobServiceClient = new BlobServiceClient(blobs.Connection);
            o.ContainerName = blobs.Container;
            o.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
        }));
        services.AddKeyedSingleton<IGrainStorage>(GridContext.StorageName, (all, _) =>
            new BlobGrainStorage(all.GetRequiredKeyedService<IGrainStorage>(BlobsName)));
    }
}
