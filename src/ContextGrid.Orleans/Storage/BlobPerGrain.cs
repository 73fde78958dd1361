namespace ContextGrid.Orleans.Storage;

/// <summary>Keeps the state of each grain as a blob of its own in Azure Blob storage: simple to look at, and a request
/// for each entity and commit, so that it is for small grids.</summary>
/// <param name="Connection">The connection string of the account.</param>
/// <param name="Container">The container, which is created where it is missing.</param>
public sealed record BlobPerGrain(string Connection, string Container = "contextgrid-grains")
{
    /// <summary>The container: the connection has a secret.</summary>
    public override string ToString() => Container;
}
