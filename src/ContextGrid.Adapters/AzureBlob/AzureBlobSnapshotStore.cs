using Azure;
using Azure.Core;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Adapters.AzureBlob;

/// <summary>
/// Keeps snapshots as block blobs of one container of Azure Blob storage, below a prefix. Names and bytes are those of
/// every other <see cref="ISnapshotStore"/>.
/// </summary>
/// <remarks>
/// Failure policy: what may pass is tried again (<see cref="AzureBlobRetry"/>); a put whose outcome stays open is
/// answered <see cref="PutOutcome.Unknown"/> (<see cref="AzureBlobPut"/>); everything else is a
/// <see cref="SnapshotStoreException"/> that says what to do and has no secret in it. A read is one request with a
/// range. A put without a condition that was thought lost may still overwrite a later one; checkpoints have none.
/// Thread-safe, and safe between processes; holds nothing that must be closed.
/// </remarks>
public sealed class AzureBlobSnapshotStore : ISnapshotStore
{
    private readonly BlobContainerClient _container;
    private readonly AzureBlobAddress _address;
    private readonly AzureBlobOptions _options;
    private readonly AzureBlobRetry _retry;

    private AzureBlobSnapshotStore(
        BlobContainerClient container, AzureBlobAddress address, AzureBlobOptions options, TimeProvider time)
    {
        (_container, _address, _options) = (container, address, options);
        _retry = new AzureBlobRetry(options, time);
    }

    /// <summary>Opens a place: creates the container when it is missing, and tries to list, write and delete, so that a
    /// missing permission stops the start and not the first checkpoint.</summary>
    /// <param name="address">Where.</param>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock for delays.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="credential">The identity for an address that names none; null: what the environment of the process
    /// offers.</param>
    /// <exception cref="SnapshotStoreException">It can't be used.</exception>
    public static ValueTask<AzureBlobSnapshotStore> OpenAsync(
        AzureBlobAddress address,
        AzureBlobOptions options,
        TimeProvider time,
        CancellationToken cancellationToken,
        TokenCredential? credential = null) =>
        OpenAsync(address, options, new BlobClientOptions(), time, credential, cancellationToken);

    internal static async ValueTask<AzureBlobSnapshotStore> OpenAsync(
        AzureBlobAddress address,
        AzureBlobOptions options,
        BlobClientOptions client,
        TimeProvider time,
        TokenCredential? credential,
        CancellationToken cancellationToken)
    {
        client.Retry.MaxRetries = 0;
        client.Retry.NetworkTimeout = options.AttemptMax * 2; // The attempt's own limit comes first.
        client.Diagnostics.IsLoggingEnabled = false;
        client.Diagnostics.IsDistributedTracingEnabled = false; // Spans have the URL, and with it the signature.
        var store = new AzureBlobSnapshotStore(
            address.CreateClient(client, credential), address, options, time);
        await store.TryOutAsync(cancellationToken);
        return store;
    }

    /// <inheritdoc/>
    public async ValueTask<PutResult> PutAsync(
        string name, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = BlobOf(name);
        if (condition is { IfAbsent: true, IfMatch: not null })
        {
            return new PutResult(PutOutcome.Conflict, null); // No blob is absent and has an ETag.
        }

        try
        {
            return await new AzureBlobPut(blob, content, condition, _options, _retry).RunAsync(cancellationToken);
        }
        catch (Exception e) when (IsFailure(e, cancellationToken))
        {
            throw AzureBlobFailure.Of(PlaceOf(name), "written", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<SnapshotBlob?> GetAsync(string name, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = BlobOf(name);
        try
        {
            BlobDownloadResult got = await _retry.RunAsync(
                async token => (await blob.DownloadContentAsync(token)).Value, cancellationToken);
            return new SnapshotBlob(got.Content.ToMemory(), AzureBlobPut.TextOf(got.Details.ETag));
        }
        catch (RequestFailedException e) when (IsAbsence(e))
        {
            return null;
        }
        catch (Exception e) when (IsFailure(e, cancellationToken))
        {
            throw AzureBlobFailure.Of(PlaceOf(name), "read", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(
        string name, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = BlobOf(name);
        try
        {
            return await _retry.RunAsync(
                token => AzureBlobRequests.ReadAsync(blob, offset, buffer, token), cancellationToken);
        }
        catch (RequestFailedException e) when (IsAbsence(e))
        {
            return -1;
        }
        catch (RequestFailedException e) when (e.Status == 416)
        {
            return 0; // The range begins at the blob's end or behind it.
        }
        catch (Exception e) when (IsFailure(e, cancellationToken))
        {
            throw AzureBlobFailure.Of(PlaceOf(name), "read", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<SnapshotBlobInfo>> ListAsync(
        string prefix, CancellationToken cancellationToken)
    {
        try
        {
            List<SnapshotBlobInfo> blobs = await _retry.RunAsync(
                token => AzureBlobRequests.ListAsync(
                    _container, _address.Prefix, prefix, _options.BlobsPerPageMax, token),
                cancellationToken);
            blobs.Sort((x, y) => string.CompareOrdinal(x.Name, y.Name));
            return blobs;
        }
        catch (Exception e) when (IsFailure(e, cancellationToken))
        {
            throw AzureBlobFailure.Of(PlaceOf(prefix), "listed", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string name, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = BlobOf(name);
        try
        {
            // Snapshots of the blob, which an operator may have taken, would keep it for ever.
            await _retry.RunAsync(
                async token => await blob.DeleteIfExistsAsync(
                    DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: token),
                cancellationToken);
        }
        catch (Exception e) when (IsFailure(e, cancellationToken))
        {
            throw AzureBlobFailure.Of(PlaceOf(name), "deleted", e);
        }
    }

    private static bool IsAbsence(RequestFailedException e) => e is { Status: 404, ErrorCode: "BlobNotFound" or null };

    private static bool IsFailure(Exception e, CancellationToken cancellationToken) =>
        AzureBlobFailure.IsFinal(e) || (AzureBlobFailure.IsTransient(e) && !cancellationToken.IsCancellationRequested);

    private async ValueTask TryOutAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _retry.RunAsync(
                token => AzureBlobRequests.EnsureAsync(_container, _address.Prefix, token), cancellationToken);
        }
        catch (Exception e) when (IsFailure(e, cancellationToken))
        {
            throw AzureBlobFailure.Of(_address.Place, "opened", e);
        }

        string probe = $"probe/{Guid.NewGuid():N}";
        await PutAsync(probe, default, PutCondition.Absent, cancellationToken);
        await DeleteAsync(probe, cancellationToken);
    }

    private BlockBlobClient BlobOf(string name)
    {
        BlobName.Check(name);
        return _container.GetBlockBlobClient(_address.Prefix + name);
    }

    private string PlaceOf(string name) => $"{_address.Place}/{name}".TrimEnd('/');
}
