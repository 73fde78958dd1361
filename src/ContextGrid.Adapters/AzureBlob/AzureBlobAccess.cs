using Azure.Identity;

namespace ContextGrid.Adapters.AzureBlob;

/// <summary>What grants access to blobs.</summary>
public enum AzureBlobAccess
{
    /// <summary>A connection string, with the account's key or a signature.</summary>
    ConnectionString,

    /// <summary>A shared access signature in the URL.</summary>
    SharedAccessSignature,

    /// <summary>The identity of the process: a managed identity, a workload identity, or what else
    /// <see cref="DefaultAzureCredential"/> finds.</summary>
    Identity,
}
