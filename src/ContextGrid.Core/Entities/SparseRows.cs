using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;

namespace ContextGrid.Core.Entities;

/// <summary>What settling does with the rows of sparse tiles (<see cref="EventState.Settle"/>).</summary>
internal static class SparseRows
{
    /// <summary>Makes the tiles of a group dense that have too many rows for their age.</summary>
    internal static void MakeDenseWhatIsTooMany(
        EventState state, GroupPlan group, long newestMs, ApplyScratch scratch)
    {
        long first = group.FirstTile(newestMs), newest = group.TileOf(newestMs);
        RowBuffer rows = state.Rows;
        TileSet? tiles = state.TilesOf(group.Index);
        for (int at = rows.Start; at < rows.End;)
        {
            long index = group.TileOf(RowCodec.TimeMs(rows.RowAt(at)));
            int start = at, count = 0;
            for (; at < rows.End && group.TileOf(RowCodec.TimeMs(rows.RowAt(at))) == index; at += rows.RowAt(at).Length)
            {
                count += RowCodec.Holds(rows.RowAt(at), group.Predicate) ? 1 : 0;
            }

            int most = index >= newest - 1 ? EventState.RowsOfNewTileMax : EventState.RowsOfOldTileMax;
            if (count > most && index >= first && tiles?.Find(index) is null)
            {
                MakeDense(state, group, state.GetOrAddTile(group, index), start, at, scratch);
                tiles = state.TilesOf(group.Index);
            }
        }
    }

    private static void MakeDense(
        EventState state, GroupPlan group, Tile tile, int start, int end, ApplyScratch scratch)
    {
        RowBuffer rows = state.Rows;
        for (int at = start; at < end; at += rows.RowAt(at).Length)
        {
            if (RowCodec.Holds(rows.RowAt(at), group.Predicate))
            {
                tile.Add(RowCodec.Decode(state.Plan, rows.Bytes, at, scratch.Columns));
            }
        }
    }

    /// <summary>Removes the rows that no group needs any more.</summary>
    internal static void RemoveWhatNobodyNeeds(EventState state, long newestMs)
    {
        RowBuffer rows = state.Rows;
        int at = rows.Start;
        while (at < rows.End)
        {
            int length = rows.RowAt(at).Length;
            if (IsNeeded(state, rows.RowAt(at), newestMs))
            {
                at += length;
            }
            else
            {
                rows.Remove(at, at + length, 1);
                at = Math.Max(at, rows.Start);
            }
        }
    }

    private static bool IsNeeded(EventState state, ReadOnlySpan<byte> row, long newestMs)
    {
        long time = RowCodec.TimeMs(row);
        foreach (GroupPlan group in state.Plan.Groups)
        {
            if (!group.IsLifetime && RowCodec.Holds(row, group.Predicate)
                && group.TileOf(time) is long index && index >= group.FirstTile(newestMs)
                && state.TilesOf(group.Index)?.Find(index) is null)
            {
                return true;
            }
        }

        return false;
    }
}
