using System.Collections.Immutable;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features;

/// <summary>
/// The counts and sums of the categories beyond <see cref="CategoryMap.CountMax"/>: a count-min sketch (Cormode and
/// Muthukrishnan, "An improved data stream summary", J. Algorithms 55, 2005) of 4 rows of 512 cells whose cells are
/// accumulators, and for each accumulator the names of 512 categories, a sample weighted by count or by Σ|x|
/// (<see cref="CounterList"/>). All of it is a function of the set of rows.
/// </summary>
internal sealed class CategoryRest
{
    /// <summary>
    /// The part of all that the cells of a category may have from others, but for 4^−4 of categories.
    /// </summary>
    internal const double ErrorMax = 4.0 / Width;

    /// <summary>The most cells of one accumulator.</summary>
    internal const int CellsMax = Depth * Width;

    private const int Depth = 4;
    private const int WidthBits = 9;
    private const int Width = 1 << WidthBits;

    private readonly GroupPlan _group;
    private readonly ImmutableArray<bool> _uses;
    private readonly Accumulator?[] _cells; // By accumulator, row of the sketch and place in it; null: no rows yet.
    private readonly CounterList[] _names;

    private CategoryRest(GroupPlan group, ImmutableArray<bool> uses)
    {
        _group = group;
        _uses = uses;
        _cells = new Accumulator?[group.Additive.Length * CellsMax];
        _names = new CounterList[group.Additive.Length];
    }

    /// <summary>An estimate of the memory.</summary>
    internal long Bytes
    {
        get
        {
            long bytes = PlanBytes.Rest(_group, 0);
            for (int i = 0; i < _cells.Length; i++)
            {
                bytes += _cells[i] is null ? 0 : AccumulatorBytes.Of(SpecOf(i / (CellsMax)), 1);
            }

            return bytes;
        }
    }

    /// <summary>A rest for a group; null when none of its accumulators that are used is a count or a sum.</summary>
    internal static CategoryRest? Create(GroupPlan group, ImmutableArray<bool> uses)
    {
        foreach (int spec in group.Additive)
        {
            if (uses.IsDefault || uses[spec])
            {
                return new CategoryRest(group, uses);
            }
        }

        return null;
    }

    /// <summary>Adds a row of a category that has no accumulators of its own.</summary>
    internal void Add(in EventRow row, in Value key, ulong hash, double rank)
    {
        for (int i = 0; i < _names.Length; i++)
        {
            if (!IsUsed(i))
            {
                continue;
            }

            for (int depth = 0; depth < Depth; depth++)
            {
                CellOf(i, hash, depth).Add(row);
            }

            Sample(i, _group.RankOf(i, row, rank), hash, key);
        }
    }

    /// <summary>Adds all rows of a category that has, or had elsewhere, accumulators of its own.</summary>
    internal void Add(CategoryMap.Category category)
    {
        for (int i = 0; i < _names.Length; i++)
        {
            if (!IsUsed(i) || category.Cells[_group.Additive[i]] is not { } cell)
            {
                continue;
            }

            for (int depth = 0; depth < Depth; depth++)
            {
                CellOf(i, category.Hash, depth).Merge(cell);
            }

            Sample(i, category.Ranks[i], category.Hash, category.Key);
        }
    }

    /// <summary>Adds all rows of another rest.</summary>
    internal void Merge(CategoryRest other)
    {
        for (int i = 0; i < _names.Length; i++)
        {
            if (!IsUsed(i))
            {
                continue;
            }

            for (int at = i * CellsMax; at < (i + 1) * CellsMax; at++)
            {
                if (other._cells[at] is { } cell)
                {
                    (_cells[at] ??= AccumulatorFactory.Create(SpecOf(i))).Merge(cell);
                }
            }

            foreach (ref readonly CounterList.Counter name in other._names[i].Items)
            {
                _names[i].Sample(name.Rank, name.Hash, name.Value);
            }
        }
    }

    /// <summary>
    /// The categories of which the estimates of an accumulator may be asked; empty when it is no count or sum.
    /// </summary>
    /// <param name="spec">Index in <see cref="GroupPlan.Specs"/>.</param>
    internal ReadOnlySpan<CounterList.Counter> Names(int spec)
    {
        int i = _group.Additive.IndexOf(spec);
        return i < 0 ? default : _names[i].Items;
    }

    /// <summary>
    /// All that a rest has of a count or a sum, sizes added up: the part <see cref="ErrorMax"/> of it bounds the error.
    /// </summary>
    internal double Total(int spec)
    {
        int first = _group.Additive.IndexOf(spec) * CellsMax;
        double total = 0;
        for (int at = first; at < first + Width; at++)
        {
            total += _cells[at] is { } cell ? SizeOf(cell) : 0;
        }

        return total;
    }

    /// <summary>Of a category's cells the one of smallest size; of amounts of one sign it is never too small.</summary>
    internal Accumulator Estimate(int spec, ulong hash)
    {
        int i = _group.Additive.IndexOf(spec);
        Accumulator best = CellOf(i, hash, 0);
        for (int depth = 1; depth < Depth; depth++)
        {
            Accumulator cell = CellOf(i, hash, depth);
            best = SizeOf(cell) < SizeOf(best) ? cell : best;
        }

        return best;
    }

    /// <summary>The amount of a count or a sum without its sign.</summary>
    internal static double SizeOf(Accumulator cell) =>
        cell is CountAccumulator count ? count.Count : Math.Abs(((ISum)cell).ToScaled().ToDouble());

    internal void Clear()
    {
        Tile.ClearCells(_cells);
        foreach (ref CounterList names in _names.AsSpan())
        {
            names.Clear();
        }
    }

    internal void Write(SnapshotWriter writer)
    {
        foreach (Accumulator? cell in _cells)
        {
            bool hasRows = cell is CountAccumulator count ? count.Count > 0 : cell is ISum { HasRows: true };
            writer.Byte(hasRows ? (byte)1 : (byte)0);
            if (hasRows)
            {
                cell!.Write(writer); // Only a cell has rows.
            }
        }

        foreach (ref readonly CounterList names in _names.AsSpan())
        {
            writer.Varint((ulong)names.Count);
            names.Write(writer, withCounts: false);
        }
    }

    internal void Read(ref SnapshotReader reader, ValueKind kind)
    {
        for (int at = 0; at < _cells.Length; at++)
        {
            if (reader.Byte() != 0)
            {
                (_cells[at] ??= AccumulatorFactory.Create(SpecOf(at / (CellsMax)))).Read(ref reader);
            }
        }

        foreach (ref CounterList names in _names.AsSpan())
        {
            names.Read(ref reader, reader.Count(CounterList.CountMax), kind, withCounts: false);
        }
    }

    private bool IsUsed(int additive) => _uses.IsDefault || _uses[_group.Additive[additive]];

    private AccumulatorSpec SpecOf(int additive) => _group.Specs[_group.Additive[additive]];

    private Accumulator CellOf(int additive, ulong hash, int depth)
    {
        int place = (int)(hash >> (depth * WidthBits)) & (Width - 1);
        int at = (((additive * Depth) + depth) << WidthBits) | place;
        return _cells[at] ??= AccumulatorFactory.Create(SpecOf(additive));
    }

    private void Sample(int additive, double rank, ulong hash, in Value key)
    {
        // A category without weight is not worth a name.
        if (double.IsFinite(rank))
        {
            _names[additive].Sample(rank, hash, key);
        }
    }
}
