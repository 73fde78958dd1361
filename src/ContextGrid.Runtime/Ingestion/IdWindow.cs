using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Remembers the producers' ids of one partition, so that a retry counts once. An id is a duplicate when the same
/// partition has it among its last <see cref="IdsMax"/> records with ids, at most the horizon earlier in log time: a
/// function of the log alone, so a restart rebuilds it by reading that far back. One thread at a time.
/// </summary>
/// <param name="horizonMs">How long an id is remembered, milliseconds of log time.</param>
/// <param name="idsMax">How many are remembered at most; about 120 bytes each.</param>
public sealed class IdWindow(long horizonMs, int idsMax = IdWindow.IdsMax)
{
    /// <summary>The most ids that are remembered for a partition: 32 MB.</summary>
    public const int IdsMax = 262_144;

    private readonly Dictionary<ulong, Seen> _ids = [];
    private readonly Dictionary<ulong, Seen> _contents = [];
    private readonly Queue<(ulong Id, ulong Content, long Sequence)> _order = new();
    private long _sequence;

    /// <summary>How many ids are remembered.</summary>
    public int Count => _ids.Count;

    /// <summary>Looks an id up and remembers it.</summary>
    /// <param name="id">The id's hash.</param>
    /// <param name="content">The payload's hash.</param>
    /// <param name="logTimeMs">When the log took the record.</param>
    public IdVerdict Check(ulong id, ulong content, long logTimeMs)
    {
        Forget(logTimeMs);
        ulong both = StableHash.Of((long)(id ^ (content * 0x9E3779B97F4A7C15)));
        bool known = IsRecent(_ids, id, logTimeMs), same = IsRecent(_contents, both, logTimeMs);
        var seen = new Seen(logTimeMs, ++_sequence);
        _ids[id] = seen;
        _contents[both] = seen;
        _order.Enqueue((id, both, _sequence));
        return !known ? IdVerdict.New : same ? IdVerdict.Duplicate : IdVerdict.Conflict;
    }

    private bool IsRecent(Dictionary<ulong, Seen> records, ulong key, long logTimeMs) =>
        records.TryGetValue(key, out Seen before) && logTimeMs - before.LogTimeMs <= horizonMs;

    private void Forget(long logTimeMs)
    {
        while (_order.TryPeek(out (ulong Id, ulong Content, long Sequence) oldest))
        {
            // The newest record of an id or a content is the one that is remembered.
            bool isNewest = _contents.TryGetValue(oldest.Content, out Seen seen) && seen.Sequence == oldest.Sequence;
            if (isNewest && _order.Count < idsMax && logTimeMs - seen.LogTimeMs <= horizonMs)
            {
                return;
            }

            _order.Dequeue();
            Remove(_ids, oldest.Id, oldest.Sequence);
            Remove(_contents, oldest.Content, oldest.Sequence);
        }
    }

    private static void Remove(Dictionary<ulong, Seen> records, ulong key, long sequence)
    {
        if (records.TryGetValue(key, out Seen seen) && seen.Sequence == sequence)
        {
            records.Remove(key);
        }
    }

    private readonly record struct Seen(long LogTimeMs, long Sequence);
}

/// <summary>What an id tells of an event.</summary>
public enum IdVerdict
{
    /// <summary>The id is new.</summary>
    New,

    /// <summary>A retry: the same id with the same content.</summary>
    Duplicate,

    /// <summary>The id is known, and none of its records has this content.</summary>
    Conflict,
}
