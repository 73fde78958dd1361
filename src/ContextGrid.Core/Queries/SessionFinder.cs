using ContextGrid.Core.Entities;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Queries;

/// <summary>
/// Finds where the open session starts. Tiles are as long as the gap, so the events of one tile are always one session,
/// and walking over the tiles' and rows' times back from the newest finds the exact start.
/// </summary>
internal sealed class SessionFinder
{
    // A comparer given to Sort would be boxed at every call.
    private static readonly Comparison<Stretch> ByLastDescending = (x, y) => y.LastMs.CompareTo(x.LastMs);

    private Stretch[] _stretches = new Stretch[64];
    private int _count;

    /// <summary>The start of the session that is open at the head; <see cref="long.MaxValue"/> when none is.</summary>
    internal long StartMs(EventState state, WindowPlan window, long newestMs, long headMs)
    {
        long gap = window.Window.SizeMs;
        if (headMs - newestMs > gap)
        {
            return long.MaxValue;
        }

        long cut = (TimeMath.FloorDiv(newestMs, gap) - (GroupPlan.SessionTiles - 1)) * gap;
        Collect(state, window.Group, cut, headMs);
        _stretches.AsSpan(0, _count).Sort(ByLastDescending);
        long start = newestMs;
        for (int i = 0; i < _count && _stretches[i].LastMs >= start - gap; i++)
        {
            start = Math.Min(start, _stretches[i].FirstMs);
        }

        return Math.Max(start, cut);
    }

    private void Collect(EventState state, GroupPlan group, long fromMs, long headMs)
    {
        _count = 0;
        TileSet? tiles = state.TilesOf(group.Index);
        for (int i = tiles?.LowerBound(TimeMath.FloorDiv(fromMs, group.TileMs)) ?? 0; i < (tiles?.Count ?? 0); i++)
        {
            Add(new Stretch(tiles![i].FirstMs, tiles[i].LastMs)); // The loop only runs with tiles.
        }

        AddRows(state.Rows, group, fromMs, headMs);
        if (state.Waiting is { } waiting)
        {
            AddRows(waiting, group, fromMs, headMs);
        }
    }

    private void AddRows(RowBuffer rows, GroupPlan group, long fromMs, long headMs)
    {
        for (int at = rows.Start; at < rows.End;)
        {
            ReadOnlySpan<byte> row = rows.RowAt(at);
            long time = RowCodec.TimeMs(row);
            if (time >= fromMs && time <= headMs && RowCodec.Holds(row, group.Predicate))
            {
                Add(new Stretch(time, time));
            }

            at += row.Length;
        }
    }

    private void Add(Stretch stretch)
    {
        if (_count == _stretches.Length)
        {
            Array.Resize(ref _stretches, _count * 2);
        }

        _stretches[_count++] = stretch;
    }

    private readonly record struct Stretch(long FirstMs, long LastMs);
}
