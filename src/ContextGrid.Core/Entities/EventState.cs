using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Entities;

/// <summary>
/// What an entity keeps of one event. Time is cut into blocks: a block with few events keeps them as rows, which costs
/// about 50 bytes an event; a block with many keeps tiles, whose cost does not depend on the events. Lifetime groups have
/// one tile each; exact windows keep their rows beside.
/// </summary>
/// <remarks>
/// All that is kept is a function of the set of events (I10). A block's rows become tiles when they are more than its
/// age allows; the allowance only falls as the block ages and the number of rows only grows, so it does not matter when
/// this is looked at. Blocks are dropped whole, as the entity's newest event time advances.
/// </remarks>
internal sealed class EventState
{
    /// <summary>Rows of the newest two blocks: about 20 events of an ordinary entity stay rows.</summary>
    internal const int RowsOfNewBlockMax = 32;

    /// <summary>Rows of an older block: a day of hourly blocks is read in a few microseconds.</summary>
    internal const int RowsOfOldBlockMax = 4;

    /// <summary>Rows for exact windows; beyond, the oldest go and the tail of the window is a tile.</summary>
    internal const int ExactRowsMax = 65_536;

    private readonly TileSet?[] _tiles;
    private long[] _denseBlocks = [];
    private int _denseBlockCount;

    internal EventState(EventPlan plan)
    {
        Plan = plan;
        NewestMatches = new long[plan.Predicates.Length];
        Array.Fill(NewestMatches, long.MinValue);
        _tiles = plan.Groups.Length == 0 ? [] : new TileSet?[plan.Groups.Length];
        Rows = new RowBuffer();
        ExactRows = plan.ExactMs > 0 ? new RowBuffer() : null;
    }

    internal EventPlan Plan { get; }

    /// <summary>By predicate: the newest event time that matched; <see cref="long.MinValue"/>: none.</summary>
    internal long[] NewestMatches { get; }

    /// <summary>The rows of blocks that have no tiles.</summary>
    internal RowBuffer Rows { get; }

    /// <summary>All rows of the longest exact window; null when no window is exact.</summary>
    internal RowBuffer? ExactRows { get; }

    /// <summary>The blocks whose events are in tiles, ascending.</summary>
    internal ReadOnlySpan<long> DenseBlocks => _denseBlocks.AsSpan(0, _denseBlockCount);

    /// <summary>A group's tiles; null: it has none.</summary>
    internal TileSet? TilesOf(int group) => _tiles[group];

    /// <summary>A group's tiles, made when there are none.</summary>
    internal TileSet GetOrAddTiles(GroupPlan group) => _tiles[group.Index] ??= new TileSet(group);

    /// <summary>Takes tiles that were read from a snapshot.</summary>
    internal void AdoptTiles(GroupPlan group, TileSet tiles) => _tiles[group.Index] = tiles;

    /// <summary>Takes an event in; uses the scratch's columns, so <paramref name="row"/> is no longer valid after.</summary>
    /// <returns>Whether some window that the event matches no longer retains its time.</returns>
    internal bool Apply(in EventRow row, ReadOnlySpan<byte> predicates, long newestMs, ApplyScratch scratch)
    {
        for (int i = 0; i < NewestMatches.Length; i++)
        {
            if (Holds(predicates, i))
            {
                NewestMatches[i] = Math.Max(NewestMatches[i], row.TimeMs);
            }
        }

        AddToLifetimes(row, predicates);
        if (Plan.BlockMs == 0 || !Intersects(predicates, Plan.TiledPredicates))
        {
            return false;
        }

        bool late = IsLate(row.TimeMs, predicates, newestMs);
        AddToBlock(row, predicates, newestMs, scratch);
        return late;
    }

    /// <summary>
    /// Brings the state into the form that belongs to the entity's newest event time: drops what no window can include
    /// any more, and turns rows into tiles where they are too many for their age.
    /// </summary>
    internal void Settle(long newestMs, ApplyScratch scratch)
    {
        if (Plan.BlockMs == 0)
        {
            return;
        }

        long firstBlock = Plan.FirstBlock(newestMs);
        Rows.RemoveBefore(firstBlock * Plan.BlockMs);
        ExactRows?.RemoveBefore(newestMs - Plan.ExactMs + 1);
        ForgetDenseBlocks(firstBlock);
        foreach (GroupPlan group in Plan.Groups)
        {
            if (!group.IsLifetime)
            {
                _tiles[group.Index]?.Expire(group.FirstTile(newestMs));
            }
        }

        MakeDenseWhatIsTooMany(newestMs, scratch);
    }

    internal bool IsDense(long block) => DenseBlocks.BinarySearch(block) >= 0;

    internal void AddDenseBlock(long block)
    {
        int at = ~DenseBlocks.BinarySearch(block);
        if (_denseBlockCount == _denseBlocks.Length)
        {
            Array.Resize(ref _denseBlocks, Math.Max(4, _denseBlockCount * 2));
        }

        Array.Copy(_denseBlocks, at, _denseBlocks, at + 1, _denseBlockCount - at);
        _denseBlocks[at] = block;
        _denseBlockCount++;
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

    private static int RowsMax(long block, long newestBlock) =>
        block >= newestBlock - 1 ? RowsOfNewBlockMax : RowsOfOldBlockMax;

    private void MakeDenseWhatIsTooMany(long newestMs, ApplyScratch scratch)
    {
        long newestBlock = TimeMath.FloorDiv(newestMs, Plan.BlockMs);
        int at = Rows.Start;
        while (at < Rows.End)
        {
            long block = TimeMath.FloorDiv(RowCodec.TimeMs(Rows.RowAt(at)), Plan.BlockMs);
            int rows = 0, end = at;
            for (; end < Rows.End && RowCodec.TimeMs(Rows.RowAt(end)) < (block + 1) * Plan.BlockMs; rows++)
            {
                end += Rows.RowAt(end).Length;
            }

            bool tooMany = rows > RowsMax(block, newestBlock);
            if (tooMany)
            {
                MakeDense(block, newestMs, scratch);
            }

            // After rows were taken out, the next ones stand at the same place, or at the start when nothing was before.
            at = tooMany ? Math.Max(at, Rows.Start) : end;
        }
    }

    private void AddToLifetimes(in EventRow row, ReadOnlySpan<byte> predicates)
    {
        foreach (GroupPlan group in Plan.Groups)
        {
            if (group.IsLifetime && Holds(predicates, group.Predicate))
            {
                GetOrAddTiles(group).GetOrAdd(0).Add(row);
            }
        }
    }

    private bool IsLate(long timeMs, ReadOnlySpan<byte> predicates, long newestMs)
    {
        if (timeMs == newestMs)
        {
            return false;
        }

        foreach (GroupPlan group in Plan.Groups)
        {
            if (!group.IsLifetime && Holds(predicates, group.Predicate)
                && TimeMath.FloorDiv(timeMs, group.TileMs) < group.FirstTile(newestMs))
            {
                return true;
            }
        }

        return false;
    }

    private void AddToBlock(in EventRow row, ReadOnlySpan<byte> predicates, long newestMs, ApplyScratch scratch)
    {
        long block = TimeMath.FloorDiv(row.TimeMs, Plan.BlockMs);
        bool exact = ExactRows is not null && row.TimeMs > newestMs - Plan.ExactMs
            && Intersects(predicates, Plan.ExactPredicates);
        bool dense = IsDense(block);
        ReadOnlySpan<byte> bytes = exact || !dense ? scratch.EncodeRow(Plan, row, predicates) : default;
        if (exact)
        {
            AddExact(bytes, newestMs);
        }

        if (dense)
        {
            AddToTiles(row, predicates, newestMs);
        }
        else if (block >= Plan.FirstBlock(newestMs))
        {
            Rows.Insert(bytes);
            if (Rows.Count > RowsOfOldBlockMax && HasTooMany(block, TimeMath.FloorDiv(newestMs, Plan.BlockMs)))
            {
                MakeDense(block, newestMs, scratch);
            }
        }
    }

    private bool HasTooMany(long block, long newestBlock) =>
        Rows.Range(block * Plan.BlockMs, (block + 1) * Plan.BlockMs).Count > RowsMax(block, newestBlock);

    // Expired rows go first, so that what the cap drops does not depend on the order of arrival.
    private void AddExact(ReadOnlySpan<byte> row, long newestMs)
    {
        ExactRows!.Insert(row); // Only called where there are exact windows.
        if (ExactRows.Count > ExactRowsMax)
        {
            ExactRows.RemoveBefore(newestMs - Plan.ExactMs + 1);
            if (ExactRows.Count > ExactRowsMax)
            {
                ExactRows.RemoveFirst();
            }
        }
    }

    private void AddToTiles(in EventRow row, ReadOnlySpan<byte> predicates, long newestMs)
    {
        foreach (GroupPlan group in Plan.Groups)
        {
            if (group.IsLifetime || !Holds(predicates, group.Predicate))
            {
                continue;
            }

            long tile = TimeMath.FloorDiv(row.TimeMs, group.TileMs);
            if (tile >= group.FirstTile(newestMs))
            {
                GetOrAddTiles(group).GetOrAdd(tile).Add(row);
            }
        }
    }

    private void MakeDense(long block, long newestMs, ApplyScratch scratch)
    {
        (int start, int end, int count) = Rows.Range(block * Plan.BlockMs, (block + 1) * Plan.BlockMs);
        for (int at = start; at < end;)
        {
            ReadOnlySpan<byte> bytes = Rows.RowAt(at);
            EventRow row = RowCodec.Decode(Plan, Rows.Bytes, at, scratch.Columns);
            AddToTiles(row, bytes.Slice(RowCodec.HeaderBytes, Plan.PredicateBytes), newestMs);
            at += bytes.Length;
        }

        Rows.Remove(start, end, count);
        AddDenseBlock(block);
    }

    private void ForgetDenseBlocks(long firstBlock)
    {
        int expired = 0;
        while (expired < _denseBlockCount && _denseBlocks[expired] < firstBlock)
        {
            expired++;
        }

        Array.Copy(_denseBlocks, expired, _denseBlocks, 0, _denseBlockCount - expired);
        _denseBlockCount -= expired;
    }
}
