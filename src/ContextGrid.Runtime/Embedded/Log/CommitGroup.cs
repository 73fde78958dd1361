using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// The appends that become durable together. Guarded by the log's gate until the writer has taken it.
/// </summary>
internal sealed class CommitGroup
{
    /// <summary>One for each partition that gets records.</summary>
    public List<PartitionWrite> Writes { get; } = [];

    /// <summary>The encoded bytes of all.</summary>
    public long Bytes { get; set; }

    /// <summary>Set once: when the commit is durable, or has failed.</summary>
    public Signal Done { get; } = new();

    /// <summary>After <see cref="Done"/>: why it failed; null: it is durable.</summary>
    public EventLogException? Failure { get; private set; }

    /// <summary>It is durable (null), or it failed.</summary>
    public void SetDone(EventLogException? failure)
    {
        Failure = failure;
        Done.Set();
    }
}
