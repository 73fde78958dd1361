using System.Collections.Immutable;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features;

/// <summary>
/// Aggregated state of the events of one span of time: a tile of a group, its lifetime, or, during a read, a window.
/// Reused after <see cref="Clear"/>.
/// </summary>
internal sealed class Tile
{
    private readonly Accumulator?[] _cells;
    private readonly CategoryMap? _categories;

    /// <summary>Creates a tile with all accumulators of its group.</summary>
    internal Tile(GroupPlan group)
        : this(group, default)
    {
    }

    /// <summary>Creates a tile that has only the accumulators that are used.</summary>
    internal Tile(GroupPlan group, ImmutableArray<bool> uses)
    {
        _categories = group.ByColumn < 0 ? null : new CategoryMap(group, uses);
        _cells = group.ByColumn < 0 ? CreateCells(group, uses) : [];
        Clear();
    }

    /// <summary>Which tile: its start divided by the tile's size.</summary>
    internal long Index { get; set; }

    /// <summary>How many events matched the predicate.</summary>
    internal long Events { get; private set; }

    /// <summary>The earliest event time; meaningless without events.</summary>
    internal long FirstMs { get; private set; }

    /// <summary>The latest event time; meaningless without events.</summary>
    internal long LastMs { get; private set; }

    /// <summary>The accumulators of a group without categories.</summary>
    internal Accumulator?[] Cells => _cells;

    /// <summary>The categories of a group with <c>by</c>; else null.</summary>
    internal CategoryMap? Categories => _categories;

    internal void Add(in EventRow row)
    {
        Events++;
        FirstMs = Math.Min(FirstMs, row.TimeMs);
        LastMs = Math.Max(LastMs, row.TimeMs);
        if (_categories is not null)
        {
            _categories.Add(row);
            return;
        }

        foreach (Accumulator? cell in _cells)
        {
            cell?.Add(row);
        }
    }

    internal void Merge(Tile other)
    {
        Events += other.Events;
        FirstMs = Math.Min(FirstMs, other.FirstMs);
        LastMs = Math.Max(LastMs, other.LastMs);
        if (_categories is not null)
        {
            _categories.Merge(other._categories!); // A tile of the same group has categories too.
            return;
        }

        MergeCells(_cells, other._cells);
    }

    internal void Clear()
    {
        Events = 0;
        FirstMs = long.MaxValue;
        LastMs = long.MinValue;
        _categories?.Clear();
        ClearCells(_cells);
    }

    internal void Write(SnapshotWriter writer)
    {
        writer.Zigzag(Index);
        writer.Varint((ulong)Events);
        writer.Zigzag(FirstMs);
        writer.Varint((ulong)(LastMs - FirstMs));
        _categories?.Write(writer);
        WriteCells(writer, _cells);
    }

    internal void Read(ref SnapshotReader reader)
    {
        Index = reader.Zigzag();
        Events = (long)reader.Varint();
        FirstMs = reader.Zigzag();
        LastMs = FirstMs + (long)reader.Varint();
        _categories?.Read(ref reader);
        ReadCells(ref reader, _cells);
    }

    internal static Accumulator?[] CreateCells(GroupPlan group, ImmutableArray<bool> uses)
    {
        var cells = new Accumulator?[group.Specs.Length];
        for (int i = 0; i < cells.Length; i++)
        {
            cells[i] = uses.IsDefault || uses[i] ? AccumulatorFactory.Create(group.Specs[i]) : null;
        }

        return cells;
    }

    internal static void MergeCells(Accumulator?[] into, Accumulator?[] from)
    {
        for (int i = 0; i < into.Length; i++)
        {
            if (into[i] is { } cell && from[i] is { } other)
            {
                cell.Merge(other);
            }
        }
    }

    internal static void ClearCells(Accumulator?[] cells)
    {
        foreach (Accumulator? cell in cells)
        {
            cell?.Clear();
        }
    }

    internal static void WriteCells(SnapshotWriter writer, Accumulator?[] cells)
    {
        foreach (Accumulator? cell in cells)
        {
            cell?.Write(writer);
        }
    }

    internal static void ReadCells(ref SnapshotReader reader, Accumulator?[] cells)
    {
        foreach (Accumulator? cell in cells)
        {
            cell?.Read(ref reader);
        }
    }
}
