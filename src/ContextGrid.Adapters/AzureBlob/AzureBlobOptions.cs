namespace ContextGrid.Adapters.AzureBlob;

/// <summary>How an <see cref="AzureBlobSnapshotStore"/> talks to the service. The defaults suit a service in the same
/// region.</summary>
public sealed record AzureBlobOptions
{
    /// <summary>One attempt of one request takes at most so long; default 30 seconds: a block of 8 MiB at 2.3 Mbit/s.
    /// </summary>
    public TimeSpan AttemptMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>So many attempts follow a failed one; 1 to 10, default 4. With the delays they bridge the few seconds
    /// in which the service moves a partition; what takes longer is for the next checkpoint.</summary>
    public int RetriesMax { get; init; } = 4;

    /// <summary>The median of the first delay between attempts; each further one is twice as long, with jitter. Default
    /// 200 ms.</summary>
    public TimeSpan DelayMin { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>No delay is longer; default 5 seconds.</summary>
    public TimeSpan DelayMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Content of up to so many bytes is put by one request, larger content in blocks of this size; 4 KiB to
    /// 256 MiB, default 8 MiB: a broken connection costs one block, not the whole segment.</summary>
    public int BlockBytesMax { get; init; } = 8 << 20;

    /// <summary>A listing asks for so many blobs at a time; 1 to 5,000, default 5,000: the service gives no more.
    /// </summary>
    public int BlobsPerPageMax { get; init; } = 5_000;

    /// <summary>So many blocks of one put are on their way at a time; default 4.</summary>
    public int BlocksAtATimeMax { get; init; } = 4;
}
