using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Entities;

/// <summary>
/// What an entity keeps of one event. A tile with few events is sparse: its events stay rows, which cost about 50 bytes
/// each and serve all groups at once. A tile with many is dense: accumulators, whose cost does not depend on the
/// events. A row goes when no group needs it any more. Lifetime groups have one dense tile; exact windows keep their
/// rows beside.
/// </summary>
/// <remarks>
/// All that is kept is a function of the set of events (I10). A tile becomes dense when it has more events than its age
/// allows; the allowance only falls as the tile ages and the number of events only grows, so it does not matter when
/// this is looked at: reading works in between, and <see cref="Settle"/> brings every state of the same events to the
/// same form.
/// </remarks>
internal sealed class EventState
{
    /// <summary>
    /// Events that the newest two tiles of a group may have as rows: an ordinary entity stays sparse.
    /// </summary>
    internal const int RowsOfNewTileMax = 32;

    /// <summary>Events that an older tile may have as rows: accumulators of a tile cost as much as 20 rows.</summary>
    internal const int RowsOfOldTileMax = 8;

    /// <summary>Rows for exact windows; beyond, the oldest go and the tail of the window is a tile.</summary>
    internal const int ExactRowsMax = 65_536;

    /// <summary>Bytes of these rows, or of waiting ones, which long texts may reach first.</summary>
    internal const int ExactBytesMax = 64 << 20;

    /// <summary>
    /// Events that wait; beyond, the oldest are taken in early, and answers that count them too soon are marked
    /// approximate.
    /// </summary>
    internal const int WaitingMax = 65_536;

    // Settling looks at all rows, so it waits until they have grown by half.
    private const int SettleRowsMin = 48;

    private readonly TileSet?[] _tiles;
    private readonly long _emptyBytes;
    private long _tileBytes;
    private int _settleRows = SettleRowsMin;

    internal EventState(EventPlan plan)
    {
        Plan = plan;
        _emptyBytes = plan.EmptyBytes;
        NewestMatches = new long[plan.Predicates.Length];
        Array.Fill(NewestMatches, long.MinValue);
        _tiles = plan.Groups.Length == 0 ? [] : new TileSet?[plan.Groups.Length];
        Rows = new RowBuffer();
        ExactRows = plan.ExactMs > 0 ? new RowBuffer() : null;
        Waiting = plan.KeepsWaiting ? new RowBuffer() : null;
    }

    internal EventPlan Plan { get; }

    /// <summary>By predicate: the newest event time that matched; <see cref="long.MinValue"/>: none.</summary>
    internal long[] NewestMatches { get; }

    /// <summary>Events that are in a sparse tile of some group, and perhaps a few that no longer are.</summary>
    internal RowBuffer Rows { get; }

    /// <summary>All rows of the longest exact window; null when no window is exact.</summary>
    internal RowBuffer? ExactRows { get; }

    /// <summary>
    /// Of the rows that the caps took out of <see cref="ExactRows"/>, and that some window may still include, the
    /// newest time, milliseconds; <see cref="long.MinValue"/>: none. Every row after it is there.
    /// </summary>
    internal long ExactDroppedMs { get; set; } = long.MinValue;

    /// <summary>
    /// Events after the entity's earliest head, which no tile has yet; null when heads are never before the newest
    /// event.
    /// </summary>
    internal RowBuffer? Waiting { get; }

    /// <summary>An estimate of the memory: rows as they are, tiles as they were when they were measured.</summary>
    internal long HeapBytes => _emptyBytes + _tileBytes + Rows.Bytes.Length + (ExactRows?.Bytes.Length ?? 0)
        + (Waiting?.Bytes.Length ?? 0);

    /// <summary>A group's dense tiles; null: it has none.</summary>
    internal TileSet? TilesOf(int group) => _tiles[group];

    /// <summary>Takes tiles that were read from a snapshot.</summary>
    internal void AdoptTiles(GroupPlan group, TileSet tiles) => _tiles[group.Index] = tiles;

    /// <summary>
    /// Takes an event in; uses the scratch's columns, so <paramref name="row"/> is no longer valid after.
    /// </summary>
    /// <param name="row">The event.</param>
    /// <param name="predicates">The predicates that hold.</param>
    /// <param name="headMs">The entity's earliest head.</param>
    /// <param name="scratch">Has the columns of the row.</param>
    /// <returns>Whether some window that the event matches no longer retains its time.</returns>
    internal bool Apply(in EventRow row, ReadOnlySpan<byte> predicates, long headMs, ApplyScratch scratch)
    {
        if (Waiting is null || row.TimeMs <= headMs)
        {
            return TakeIn(row, predicates, headMs, scratch);
        }

        Waiting.Insert(scratch.EncodeRow(Plan, row, predicates));
        while (Waiting.Count > WaitingMax || Waiting.End - Waiting.Start > ExactBytesMax)
        {
            TakeFirstIn(headMs, scratch);
        }

        return false;
    }

    /// <summary>Takes in the waiting events up to the entity's earliest head.</summary>
    internal void Admit(long headMs, ApplyScratch scratch)
    {
        while (Waiting!.Count > 0 && RowCodec.TimeMs(Waiting.RowAt(Waiting.Start)) <= headMs) // The plan keeps them.
        {
            TakeFirstIn(headMs, scratch);
        }
    }

    /// <summary>The newest event time that matched a predicate and is not after a head.</summary>
    internal long NewestUpTo(int predicate, long headMs) => Waiting is { Count: > 0 }
        ? Math.Max(NewestMatches[predicate], Waiting.NewestMatch(predicate, headMs))
        : NewestMatches[predicate];

    private void TakeFirstIn(long headMs, ApplyScratch scratch)
    {
        RowBuffer waiting = Waiting!; // As above.
        ReadOnlySpan<byte> bytes = waiting.RowAt(waiting.Start);
        Span<byte> predicates = scratch.Predicates.AsSpan(0, Plan.PredicateBytes);
        bytes.Slice(RowCodec.HeaderBytes, predicates.Length).CopyTo(predicates);
        EventRow row = RowCodec.Decode(Plan, waiting.Bytes, waiting.Start, scratch.Columns);
        int end = waiting.Start + bytes.Length;
        TakeIn(row, predicates, headMs, scratch);
        waiting.Remove(waiting.Start, end, 1);
    }

    private bool TakeIn(in EventRow row, ReadOnlySpan<byte> predicates, long newestMs, ApplyScratch scratch)
    {
        for (int i = 0; i < NewestMatches.Length; i++)
        {
            if (Holds(predicates, i))
            {
                NewestMatches[i] = Math.Max(NewestMatches[i], row.TimeMs);
            }
        }

        bool late = false, sparse = false;
        foreach (GroupPlan group in Plan.Groups)
        {
            if (Holds(predicates, group.Predicate))
            {
                AddToGroup(group, row, newestMs, ref late, ref sparse);
            }
        }

        bool exact = ExactRows is not null && row.TimeMs > Math.Max(newestMs - Plan.ExactMs, ExactDroppedMs)
            && Intersects(predicates, Plan.ExactPredicates);
        if (sparse || exact)
        {
            Keep(scratch.EncodeRow(Plan, row, predicates), sparse, exact, newestMs, scratch);
        }

        return late;
    }

    /// <summary>
    /// Brings the state into the form that belongs to the entity's newest event time: drops what no window can include
    /// any more, and makes tiles dense that have too many events for their age.
    /// </summary>
    internal void Settle(long newestMs, ApplyScratch scratch)
    {
        ExpireExact(newestMs);
        foreach (GroupPlan group in Plan.Groups)
        {
            if (!group.IsLifetime)
            {
                _tiles[group.Index]?.Expire(group.FirstTile(newestMs));
                SparseRows.MakeDenseWhatIsTooMany(this, group, newestMs, scratch);
            }
        }

        SparseRows.RemoveWhatNobodyNeeds(this, newestMs);
        _settleRows = Math.Max(SettleRowsMin, Rows.Count + (Rows.Count / 2));
    }

    /// <summary>Measures the tiles.</summary>
    internal void MeasureBytes()
    {
        _tileBytes = 0;
        foreach (TileSet? tiles in _tiles)
        {
            _tileBytes += tiles?.MeasureBytes() ?? 0;
        }
    }

    /// <summary>The dense tile of a group with an index, made when there is none.</summary>
    internal Tile GetOrAddTile(GroupPlan group, long index)
    {
        TileSet tiles = _tiles[group.Index] ??= new TileSet(group);
        if (tiles.Find(index) is { } tile)
        {
            return tile;
        }

        _tileBytes += group.NewTileBytes;
        return tiles.GetOrAdd(index);
    }

    /// <summary>The sum of <see cref="HeapBytes"/>.</summary>
    internal static long HeapBytesOf(EventState?[] states)
    {
        long bytes = 0;
        foreach (EventState? state in states)
        {
            bytes += state?.HeapBytes ?? 0;
        }

        return bytes;
    }

    private static bool Intersects(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        for (int i = 0; i < b.Length; i++)
        {
            if ((a[i] & b[i]) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Holds(ReadOnlySpan<byte> predicates, int predicate) =>
        (predicates[predicate >> 3] & (1 << (predicate & 7))) != 0;

    private void AddToGroup(GroupPlan group, in EventRow row, long newestMs, ref bool late, ref bool sparse)
    {
        if (group.IsLifetime)
        {
            GetOrAddTile(group, 0).Add(row);
            return;
        }

        long index = group.TileOf(row.TimeMs);
        if (index < group.FirstTile(newestMs))
        {
            late = true;
        }
        else if (_tiles[group.Index]?.Find(index) is { } dense)
        {
            dense.Add(row);
        }
        else
        {
            sparse = true;
        }
    }

    private void Keep(ReadOnlySpan<byte> row, bool sparse, bool exact, long newestMs, ApplyScratch scratch)
    {
        if (exact)
        {
            AddExact(row, newestMs);
        }

        if (sparse)
        {
            Rows.Insert(row);
        }

        if (Rows.Count >= _settleRows)
        {
            Settle(newestMs, scratch);
        }
    }

    // Expired rows go first, and rows of a time go together: what is kept is every row after the earliest time after
    // which all fit, whatever the order of arrival.
    private void AddExact(ReadOnlySpan<byte> row, long newestMs)
    {
        RowBuffer rows = ExactRows!; // Only called where there are exact windows.
        rows.Insert(row);
        if (rows.Count > ExactRowsMax || rows.End - rows.Start > ExactBytesMax)
        {
            ExpireExact(newestMs);
        }

        while (rows.Count > ExactRowsMax || rows.End - rows.Start > ExactBytesMax)
        {
            ExactDroppedMs = RowCodec.TimeMs(rows.RowAt(rows.Start));
            rows.RemoveBefore(ExactDroppedMs + 1);
        }
    }

    private void ExpireExact(long newestMs)
    {
        long firstMs = newestMs - Plan.ExactMs + 1;
        ExactRows?.RemoveBefore(firstMs);
        ExactDroppedMs = ExactDroppedMs < firstMs ? long.MinValue : ExactDroppedMs;
    }
}
