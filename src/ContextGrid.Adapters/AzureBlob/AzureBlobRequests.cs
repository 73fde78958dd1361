using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Adapters.AzureBlob;

/// <summary>One attempt of each thing that is asked of the service, but for puts.</summary>
internal static class AzureBlobRequests
{
    /// <summary>Asks for a container, and makes it when it is missing and that is allowed.</summary>
    /// <param name="container">The container.</param>
    /// <param name="prefix">What may be listed of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="RequestFailedException">It is not there, or can't be listed.</exception>
    internal static async ValueTask<bool> EnsureAsync(
        BlobContainerClient container, string prefix, CancellationToken cancellationToken)
    {
        // Listing is what a signature of the container may do; asking for the container's properties is not.
        AsyncPageable<BlobItem> blobs = container.GetBlobsAsync(
            BlobTraits.None, BlobStates.None, prefix, cancellationToken);
        try
        {
            await using IAsyncEnumerator<Page<BlobItem>> pages = blobs.AsPages(pageSizeHint: 1)
                .GetAsyncEnumerator(cancellationToken);
            await pages.MoveNextAsync();
            return true;
        }
        catch (RequestFailedException e) when (e.ErrorCode == "ContainerNotFound")
        {
            await CreateAsync(container, e, cancellationToken);
            return false;
        }
    }

    /// <summary>Reads a range of a blob by one request.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">Where the range begins.</param>
    /// <param name="buffer">As long as the range.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The bytes read.</returns>
    /// <exception cref="RequestFailedException">404: no such blob; 416: it has nothing from the offset on.</exception>
    internal static async ValueTask<int> ReadAsync(
        BlockBlobClient blob, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (buffer.IsEmpty)
        {
            // A range has at least one byte; what is asked is whether the blob is there.
            await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
            return 0;
        }

        var options = new BlobDownloadOptions { Range = new HttpRange(offset, buffer.Length) };
        using BlobDownloadStreamingResult got = await blob.DownloadStreamingAsync(options, cancellationToken);
        await using Stream stream = got.Content;
        return await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
    }

    /// <summary>Lists blobs, page by page.</summary>
    /// <param name="container">The container.</param>
    /// <param name="root">What all names begin with, and is left out of the answer.</param>
    /// <param name="prefix">What the names begin with after that.</param>
    /// <param name="pageMax">How many are asked for at a time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal static async ValueTask<List<SnapshotBlobInfo>> ListAsync(
        BlobContainerClient container, string root, string prefix, int pageMax, CancellationToken cancellationToken)
    {
        var blobs = new List<SnapshotBlobInfo>();
        AsyncPageable<BlobItem> found = container.GetBlobsAsync(
            BlobTraits.None, BlobStates.None, root + prefix, cancellationToken);
        await foreach (Page<BlobItem> page in found.AsPages(pageSizeHint: pageMax))
        {
            blobs.AddRange(page.Values.Select(item => new SnapshotBlobInfo(
                item.Name[root.Length..], item.Properties.ContentLength ?? 0)));
        }

        return blobs;
    }

    private static async ValueTask CreateAsync(
        BlobContainerClient container, RequestFailedException absence, CancellationToken cancellationToken)
    {
        try
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status is 401 or 403)
        {
            throw absence; // That it is not there says more than that it may not be made.
        }
    }
}
