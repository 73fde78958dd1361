using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// The appends that become durable together. Guarded by the log's gate until the writer has taken it.
/// </summary>
internal sealed class CommitGroup
{
    private readonly TaskCompletionSource<EventLogException?> _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>One for each partition that gets records.</summary>
    public List<PartitionWrite> Writes { get; } = [];

    /// <summary>The encoded bytes of all.</summary>
    public long Bytes { get; set; }

    /// <summary>Ends when the commit is durable (null) or has failed.</summary>
    public Task<EventLogException?> Done => _done.Task;

    /// <summary>Ends when the writer has taken the group, so that a new one has room.</summary>
    public Task Taken => _taken.Task;

    /// <summary>The writer has taken it.</summary>
    public void SetTaken() => _taken.TrySetResult();

    /// <summary>It is durable, or it failed.</summary>
    public void SetDone(EventLogException? failure)
    {
        _taken.TrySetResult();
        _done.TrySetResult(failure);
    }
}
