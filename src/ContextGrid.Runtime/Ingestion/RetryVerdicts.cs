namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Which retried dead letters did not count when their records were read again, so that whoever retried them is told:
/// the producer's id is taken. The newest <see cref="CountMax"/>. Thread-safe.
/// </summary>
public sealed class RetryVerdicts
{
    /// <summary>The header of a retried record: the number of its dead letter.</summary>
    public const string OfHeader = "contextgrid.retry.of";

    internal const int CountMax = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<(TopicPartition Partition, long Offset, IdVerdict Verdict)> _newest = new();

    /// <summary>Notes a verdict, when the record is a retried one.</summary>
    /// <param name="partition">The record's partition.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="headers">Its encoded headers.</param>
    /// <param name="verdict">What its id tells.</param>
    internal void Note(TopicPartition partition, long offset, ReadOnlySpan<byte> headers, IdVerdict verdict)
    {
        if (verdict == IdVerdict.New || !LogHeaders.TryFind(headers, "contextgrid.retry.of"u8, out _))
        {
            return;
        }

        lock (_gate)
        {
            if (_newest.Count == CountMax)
            {
                _newest.Dequeue();
            }

            _newest.Enqueue((partition, offset, verdict));
        }
    }

    /// <summary>The verdict on a record that is applied; <see cref="IdVerdict.New"/>: nothing is known against
    /// it.</summary>
    internal IdVerdict Of(TopicPartition partition, long offset)
    {
        lock (_gate)
        {
            foreach ((TopicPartition of, long at, IdVerdict verdict) in _newest)
            {
                if (of == partition && at == offset)
                {
                    return verdict;
                }
            }
        }

        return IdVerdict.New;
    }
}
