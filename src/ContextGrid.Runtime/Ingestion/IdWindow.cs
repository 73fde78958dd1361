namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Remembers the producers' ids of one partition, so that a retry counts once. An id is a duplicate when the same
/// partition has it among its last <see cref="IdsMax"/> records with ids, at most the horizon earlier in log time: a
/// function of the log alone, so a restart rebuilds it by reading that far back. One thread at a time.
/// </summary>
/// <param name="horizonMs">How long an id is remembered, milliseconds of log time.</param>
/// <param name="idsMax">How many are remembered at most; about 60 bytes each.</param>
public sealed class IdWindow(long horizonMs, int idsMax = IdWindow.IdsMax)
{
    /// <summary>The most ids that are remembered for a partition: 16 MB.</summary>
    public const int IdsMax = 262_144;

    private readonly Dictionary<ulong, Seen> _seen = [];
    private readonly Queue<(ulong Id, long Sequence)> _order = new();
    private long _sequence;

    /// <summary>How many ids are remembered.</summary>
    public int Count => _seen.Count;

    /// <summary>Looks an id up and remembers it.</summary>
    /// <param name="id">The id's hash.</param>
    /// <param name="content">The payload's hash.</param>
    /// <param name="logTimeMs">When the log took the record.</param>
    public IdVerdict Check(ulong id, ulong content, long logTimeMs)
    {
        Forget(logTimeMs);
        bool known = _seen.TryGetValue(id, out Seen before) && logTimeMs - before.LogTimeMs <= horizonMs;
        _seen[id] = new Seen(logTimeMs, content, ++_sequence);
        _order.Enqueue((id, _sequence));
        return !known ? IdVerdict.New : before.Content == content ? IdVerdict.Duplicate : IdVerdict.Conflict;
    }

    private void Forget(long logTimeMs)
    {
        while (_order.TryPeek(out (ulong Id, long Sequence) oldest))
        {
            bool current = _seen.TryGetValue(oldest.Id, out Seen seen) && seen.Sequence == oldest.Sequence;
            if (current && _order.Count < idsMax && logTimeMs - seen.LogTimeMs <= horizonMs)
            {
                return;
            }

            _order.Dequeue();
            if (current)
            {
                _seen.Remove(oldest.Id);
            }
        }
    }

    private readonly record struct Seen(long LogTimeMs, ulong Content, long Sequence);
}

/// <summary>What an id tells of an event.</summary>
public enum IdVerdict
{
    /// <summary>The id is new.</summary>
    New,

    /// <summary>A retry: the same id with the same content.</summary>
    Duplicate,

    /// <summary>The same id with other content than its last record.</summary>
    Conflict,
}
