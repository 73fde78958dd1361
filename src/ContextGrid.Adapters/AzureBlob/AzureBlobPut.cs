using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Adapters.AzureBlob;

/// <summary>
/// One put of one blob. It marks the blob with a random id, so that a condition that no longer holds can be told from
/// one that an earlier attempt of the same put has used up: SDKs, HTTP handlers and proxies repeat requests whose
/// answer was lost, and the repetition is then refused though the put has succeeded. Used once, by one caller.
/// </summary>
/// <remarks>
/// Small content goes by one request, larger content in blocks under ids that no other put has (the library's own ids
/// follow from the offsets, so that two writers of one name would mix their blocks), which one request with the
/// condition makes the blob. Blocks that no request names vanish after a week.
/// </remarks>
/// <param name="blob">The blob.</param>
/// <param name="content">Its content.</param>
/// <param name="condition">When it may be written.</param>
/// <param name="options">The size of blocks.</param>
/// <param name="retry">Tries requests again.</param>
internal sealed class AzureBlobPut(
    BlockBlobClient blob,
    ReadOnlyMemory<byte> content,
    PutCondition condition,
    AzureBlobOptions options,
    AzureBlobRetry retry)
{
    // A name of a C# identifier is the form that metadata may have.
    private const string IdName = "contextgridput";

    private readonly string _id = Guid.NewGuid().ToString("N");
    private ImmutableArray<string> _blocks = [];
    private bool _unsure;

    /// <summary>Puts the blob.</summary>
    /// <exception cref="RequestFailedException">It was refused, or no attempt has reached the service.</exception>
    internal async ValueTask<PutResult> RunAsync(CancellationToken cancellationToken)
    {
        if (content.Length > options.BlockBytesMax)
        {
            _blocks = await StageAsync(cancellationToken);
        }

        try
        {
            return await retry.RunAsync(AttemptAsync, cancellationToken);
        }
        catch (Exception e) when (_unsure && e is not OperationCanceledException)
        {
            return new PutResult(PutOutcome.Unknown, null);
        }
    }

    private async ValueTask<PutResult> AttemptAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_unsure && await FindOwnAsync(cancellationToken) is { } done)
            {
                return done;
            }

            return new PutResult(PutOutcome.Done, await WriteAsync(cancellationToken));
        }
        catch (RequestFailedException e) when (AzureBlobFailure.IsConflict(e))
        {
            bool wasUnsure = _unsure;
            _unsure = true; // Until the question below is answered.
            PutResult? own = await FindOwnAsync(cancellationToken);
            _unsure = wasUnsure;
            return own ?? new PutResult(wasUnsure ? PutOutcome.Unknown : PutOutcome.Conflict, null);
        }
        catch (Exception e) when (AzureBlobFailure.IsUnsure(e))
        {
            _unsure = true;
            throw;
        }
    }

    private async ValueTask<string> WriteAsync(CancellationToken cancellationToken)
    {
        var conditions = new BlobRequestConditions();
        if (condition.IfAbsent)
        {
            conditions.IfNoneMatch = ETag.All;
        }

        if (condition.IfMatch is not null)
        {
            conditions.IfMatch = new ETag(condition.IfMatch);
        }

        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [IdName] = _id };
        Response<BlobContentInfo> written = _blocks.IsEmpty
            ? await blob.UploadAsync(
                Stream(0, content.Length),
                new BlobUploadOptions
                {
                    Conditions = conditions,
                    Metadata = metadata,

                    // Content as large as this would go in blocks of the library's making.
                    TransferOptions = new() { InitialTransferSize = content.Length + 1L },
                },
                cancellationToken)
            : await blob.CommitBlockListAsync(
                _blocks,
                new CommitBlockListOptions { Conditions = conditions, Metadata = metadata },
                cancellationToken);
        return TextOf(written.Value.ETag);
    }

    /// <summary>Whether the blob is what this put has written; null: it is not.</summary>
    private async ValueTask<PutResult?> FindOwnAsync(CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
            return found.Metadata.TryGetValue(IdName, out string? id) && id == _id
                ? new PutResult(PutOutcome.Done, TextOf(found.ETag))
                : null;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private async ValueTask<ImmutableArray<string>> StageAsync(CancellationToken cancellationToken)
    {
        int count = (int)(((long)content.Length + options.BlockBytesMax - 1) / options.BlockBytesMax);
        ImmutableArray<string> ids = [.. Enumerable.Range(0, count).Select(BlockId)];
        await Parallel.ForAsync(
            0,
            count,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = options.BlocksAtATimeMax,
                CancellationToken = cancellationToken,
            },
            async (i, token) =>
            {
                int at = i * options.BlockBytesMax, bytes = Math.Min(options.BlockBytesMax, content.Length - at);
                await retry.RunAsync(
                    async attempt => await blob.StageBlockAsync(ids[i], Stream(at, bytes), null, attempt), token);
            });
        return ids;
    }

    // All ids of a blob's blocks must have one length.
    private string BlockId(int index) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Create(null, $"{_id}{index:D6}")));

    [SuppressMessage("Reliability", "CA2000", Justification = "A stream over memory holds nothing.")]
    private Stream Stream(int at, int bytes) => new ReadOnlyMemoryStream(content.Slice(at, bytes));

    internal static string TextOf(ETag tag) => tag.ToString("H");
}
