using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Queries;

/// <summary>
/// One window while a query reads it: its bounds, and the merge of the tiles and rows in it. Reused between queries.
/// </summary>
internal sealed class WindowRead
{
    private readonly Tile _merged;
    private TileSet? _tiles;
    private int _tileAt;
    private bool _tailFromRows;
    private long _newestMs;

    internal WindowRead(WindowPlan plan)
    {
        Plan = plan;
        _merged = new Tile(plan.Group, plan.Uses);
        Content = _merged;
    }

    internal WindowPlan Plan { get; }

    /// <summary>What is in the window.</summary>
    internal Tile Content { get; private set; }

    /// <summary>The first event time inside.</summary>
    internal long StartMs { get; private set; }

    /// <summary>The last event time inside.</summary>
    internal long HeadMs { get; private set; }

    /// <summary>Whether rows may still have to be added.</summary>
    internal bool WantsRows { get; private set; }

    /// <summary>Whether waiting rows have to be added.</summary>
    internal bool WantsWaiting { get; private set; }

    /// <summary>
    /// Whether the tail of an exact window had to be answered by a whole tile, or a tile has events after the head.
    /// </summary>
    internal bool IsTailApproximate { get; private set; }

    /// <summary>Whether rows of the tail are taken from the exact rows instead of from tiles.</summary>
    internal bool TailFromRows => WantsRows && _tailFromRows;

    private long TailTile => Plan.Group.TileOf(StartMs);

    /// <summary>Starts a read: sets the bounds and merges the tiles.</summary>
    /// <param name="state">The event's state; null: none.</param>
    /// <param name="headMs">The head, at or after the entity's earliest one.</param>
    /// <param name="sessions">Finds where a session starts.</param>
    internal void Open(EventState? state, long headMs, SessionFinder sessions)
    {
        _merged.Clear();
        Content = _merged;
        HeadMs = headMs;
        WantsRows = false;
        WantsWaiting = false;
        _tailFromRows = false;
        IsTailApproximate = false;
        long newest = state?.NewestUpTo(Plan.Group.Predicate, headMs) ?? long.MinValue;
        _newestMs = newest;
        StartMs = Plan.Window.Kind == WindowKind.Session && newest != long.MinValue
            ? sessions.StartMs(state!, Plan, newest, headMs) // A match was seen, so there is a state.
            : WindowPlan.StartMs(Plan.Window, headMs);
        if (state is null || newest == long.MinValue || newest < StartMs)
        {
            return;
        }

        WantsWaiting = state.Waiting is { Count: > 0 };
        if (Plan.Group.IsLifetime)
        {
            OpenLifetime(state.TilesOf(Plan.Group.Index));
            return;
        }

        WantsRows = true;
        _tailFromRows = Plan.Window.Exact && CanCutTail(state);
        IsTailApproximate = Plan.Window.Exact && !_tailFromRows;
        _tiles = state.TilesOf(Plan.Group.Index);
        _tileAt = 0;
        MergeTiles();
    }

    /// <summary>Whether a waiting row is in the window: no tile has it.</summary>
    internal bool TakesWaiting(ReadOnlySpan<byte> row)
    {
        long time = RowCodec.TimeMs(row);
        bool isInside = Plan.Group.IsLifetime
            || (_tailFromRows ? time >= StartMs : Plan.Group.TileOf(time) >= TailTile);
        return isInside && time <= HeadMs && RowCodec.Holds(row, Plan.Group.Predicate);
    }

    /// <summary>Whether a row is in the window and not in a dense tile. Asked in ascending order of time.</summary>
    internal bool Takes(ReadOnlySpan<byte> row)
    {
        long time = RowCodec.TimeMs(row);
        long tile = Plan.Group.TileOf(time);
        return time <= HeadMs && (_tailFromRows ? tile > TailTile : tile >= TailTile)
            && RowCodec.Holds(row, Plan.Group.Predicate) && !IsDense(tile);
    }

    /// <summary>Whether a row that is kept for exact windows belongs in the tail.</summary>
    internal bool TakesInTail(ReadOnlySpan<byte> row)
    {
        long time = RowCodec.TimeMs(row);
        return time >= StartMs && time <= HeadMs && Plan.Group.TileOf(time) == TailTile
            && RowCodec.Holds(row, Plan.Group.Predicate);
    }

    /// <summary>Whether later rows can still belong in the tail.</summary>
    internal bool IsBeforeTailEnd(ReadOnlySpan<byte> row) =>
        Plan.Group.TileOf(RowCodec.TimeMs(row)) <= TailTile;

    internal void Add(in EventRow row) => _merged.Add(row);

    /// <summary>
    /// The first head after the present one at which the content can change without an event;
    /// <see cref="long.MaxValue"/>: none. Comes after the read.
    /// </summary>
    /// <param name="state">The event's state; null: none.</param>
    internal long NextChangeMs(EventState? state)
    {
        if (state is null || Content.Events == 0 || Plan.Group.IsLifetime)
        {
            return long.MaxValue;
        }

        WindowDefinition window = Plan.Window;
        long tile = Plan.Group.TileOf(Content.FirstMs);
        switch (window.Kind)
        {
            case WindowKind.Session:
                return _newestMs + window.SizeMs + 1;
            case WindowKind.Tumbling:
                return StartMs + window.SizeMs;
            case WindowKind.Hopping:
                return (tile * window.TileMs) + window.SizeMs;
            default:
                long tileLeavesMs = ((tile + 1) * Plan.Group.TileMs) + window.SizeMs - 1;
                return !window.Exact ? tileLeavesMs
                    : _tailFromRows ? Content.FirstMs + window.SizeMs
                    : Math.Min(tileLeavesMs, state.ExactDroppedMs + window.SizeMs); // Then the tail can be cut.
        }
    }

    private bool CanCutTail(EventState state) => state.ExactDroppedMs < StartMs;

    private bool IsDense(long tile)
    {
        while (_tiles is not null && _tileAt < _tiles.Count && _tiles[_tileAt].Index < tile)
        {
            _tileAt++;
        }

        return _tiles is not null && _tileAt < _tiles.Count && _tiles[_tileAt].Index == tile;
    }

    private void MergeTiles()
    {
        if (_tiles is null)
        {
            return;
        }

        long last = Plan.Group.TileOf(HeadMs);
        int from = _tiles.LowerBound(_tailFromRows ? TailTile + 1 : TailTile);
        for (int i = from; i < _tiles.Count && _tiles[i].Index <= last; i++)
        {
            _merged.Merge(_tiles[i]);
            IsTailApproximate |= _tiles[i].LastMs > HeadMs;
        }
    }

    // Waiting rows are added to a copy.
    private void OpenLifetime(TileSet? tiles)
    {
        if (tiles is not { Count: > 0 })
        {
            return;
        }

        IsTailApproximate = tiles[0].LastMs > HeadMs;
        if (WantsWaiting)
        {
            _merged.Merge(tiles[0]);
        }
        else
        {
            Content = tiles[0];
        }
    }
}
