using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Remembers the producers' ids of one partition, so that a retry counts once. An id is a duplicate when the same
/// partition has it among its last <see cref="IdsMax"/> records with ids, at most the horizon earlier in log time: a
/// function of the log alone, so a restart rebuilds it by reading that far back. One thread at a time.
/// </summary>
/// <remarks>
/// The records stand in a ring, oldest first, and two rows of chains of their numbers find them by id and by content:
/// a record needs fewer lines of the cache than in a dictionary each.
/// </remarks>
/// <param name="horizonMs">How long an id is remembered, milliseconds of log time.</param>
/// <param name="idsMax">How many are remembered at most; about 50 bytes each.</param>
public sealed class IdWindow(long horizonMs, int idsMax = IdWindow.IdsMax)
{
    /// <summary>The most ids that are remembered for a partition: 12 MiB.</summary>
    public const int IdsMax = 262_144;

    private const int SlotsAtFirst = 16;

    // A record's slot is its sequence modulo the number of slots, which is a power of two.
    private long[] _timesMs = new long[SlotsAtFirst];
    private IdChains _ids = new(SlotsAtFirst);
    private IdChains _contents = new(SlotsAtFirst);
    private long _first;
    private long _next;

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

        // A content stands in the window only together with a record of its id that is as new or newer.
        int known = _ids.Find(id), same = known < 0 ? -1 : _contents.Find(both);
        IdVerdict verdict = !IsRecent(known, logTimeMs) ? IdVerdict.New
            : IsRecent(same, logTimeMs) ? IdVerdict.Duplicate : IdVerdict.Conflict;
        _ids.Remove(known);
        _contents.Remove(same);
        if (_next - _first == _timesMs.Length)
        {
            Grow();
        }

        int slot = SlotOf(_next++);
        _timesMs[slot] = logTimeMs;
        _ids.Add(slot, id);
        _contents.Add(slot, both);
        return verdict;
    }

    private bool IsRecent(int slot, long logTimeMs) => slot >= 0 && logTimeMs - _timesMs[slot] <= horizonMs;

    private int SlotOf(long sequence) => (int)(sequence & (_timesMs.Length - 1));

    private void Forget(long logTimeMs)
    {
        for (; _first < _next; _first++)
        {
            // The newest record of an id or a content is the one that is remembered.
            int oldest = SlotOf(_first);
            if (_contents.Holds(oldest) && _next - _first < idsMax && IsRecent(oldest, logTimeMs))
            {
                return;
            }

            _ids.Remove(oldest);
            _contents.Remove(oldest);
        }
    }

    private void Grow()
    {
        long[] before = _timesMs;
        IdChains ids = _ids, contents = _contents;
        _timesMs = new long[before.Length * 2];
        _ids = new IdChains(_timesMs.Length);
        _contents = new IdChains(_timesMs.Length);
        for (long sequence = _first; sequence < _next; sequence++)
        {
            int from = (int)(sequence & (before.Length - 1)), to = SlotOf(sequence);
            _timesMs[to] = before[from];
            ids.CopyTo(_ids, from, to);
            contents.CopyTo(_contents, from, to);
        }
    }
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
