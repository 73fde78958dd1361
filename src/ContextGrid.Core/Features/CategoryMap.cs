using System.Collections.Immutable;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features;

/// <summary>
/// Accumulators by category, ordered by the category's hash. Bounded: categories beyond the cap are not admitted, and
/// <see cref="IsApproximate"/> says so. Cleared entries are reused, so steady state does not allocate.
/// </summary>
internal sealed class CategoryMap(GroupPlan group, ImmutableArray<bool> uses, int cap)
{
    /// <summary>The most categories of one tile: enough to rank, small enough for many tiles.</summary>
    internal const int TileCap = 256;

    /// <summary>The most categories that a read merges.</summary>
    internal const int ReadCap = 4096;

    private Category[] _entries = [];

    /// <summary>How many categories.</summary>
    internal int Count { get; private set; }

    /// <summary>Whether a category was refused because the map was full.</summary>
    internal bool IsApproximate { get; private set; }

    internal Category this[int index] => _entries[index];

    /// <summary>Adds a row to its category; a null category is skipped.</summary>
    internal void Add(in EventRow row)
    {
        Value key = row.Columns[group.ByColumn];
        if (key.IsNull || GetOrAdd(key, HashOf(key)) is not { } category)
        {
            return;
        }

        foreach (Accumulator? cell in category.Cells)
        {
            cell?.Add(row);
        }
    }

    /// <summary>Adds all categories of another map of the same group.</summary>
    internal void Merge(CategoryMap other)
    {
        IsApproximate |= other.IsApproximate;
        for (int i = 0; i < other.Count; i++)
        {
            Category from = other._entries[i];
            if (GetOrAdd(from.Key, from.Hash) is { } into)
            {
                Tile.MergeCells(into.Cells, from.Cells);
            }
        }
    }

    /// <summary>Forgets all categories and keeps their accumulators for reuse.</summary>
    internal void Clear()
    {
        for (int i = 0; i < Count; i++)
        {
            Tile.ClearCells(_entries[i].Cells);
        }

        Count = 0;
        IsApproximate = false;
    }

    internal void Write(SnapshotWriter writer)
    {
        writer.Byte(IsApproximate ? (byte)1 : (byte)0);
        writer.Varint((ulong)Count);
        for (int i = 0; i < Count; i++)
        {
            ValueCodec.Write(writer, _entries[i].Key);
            Tile.WriteCells(writer, _entries[i].Cells);
        }
    }

    internal void Read(ref SnapshotReader reader)
    {
        Clear();
        bool approximate = reader.Byte() != 0;
        int count = reader.Count(cap);
        for (int i = 0; i < count; i++)
        {
            Value key = ValueCodec.Read(ref reader);
            Category category = GetOrAdd(key, HashOf(key))
                ?? throw new SnapshotFormatException("A tile has more categories than it can hold.");
            Tile.ReadCells(ref reader, category.Cells);
        }

        IsApproximate = approximate;
    }

    private static ulong HashOf(in Value key) =>
        key.Kind == ValueKind.String ? StableHash.Of(key.Utf8) : StableHash.Of(key.Int64);

    private Category? GetOrAdd(in Value key, ulong hash)
    {
        int at = LowerBound(hash);
        for (int i = at; i < Count && _entries[i].Hash == hash; i++)
        {
            if (ValueOrder.Compare(_entries[i].Key, key) == 0)
            {
                return _entries[i];
            }
        }

        if (Count == cap)
        {
            IsApproximate = true;
            return null;
        }

        return Insert(at, key, hash);
    }

    private Category Insert(int at, in Value key, ulong hash)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Max(4, Count * 2));
        }

        Category added = _entries[Count] ?? new Category(Tile.CreateCells(group, uses));
        Array.Copy(_entries, at, _entries, at + 1, Count - at);
        _entries[at] = added;
        Count++;
        added.Reset(key, hash);
        return added;
    }

    private int LowerBound(ulong hash)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_entries[middle].Hash < hash)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>One category: its key, which it owns, and its accumulators.</summary>
    internal sealed class Category(Accumulator?[] cells)
    {
        private byte[] _text = [];

        internal Accumulator?[] Cells => cells;

        internal Value Key { get; private set; }

        internal ulong Hash { get; private set; }

        internal void Reset(in Value key, ulong hash)
        {
            Hash = hash;
            Key = key;
            if (key.Kind == ValueKind.String)
            {
                ReadOnlySpan<byte> text = key.Utf8;
                _text = _text.Length >= text.Length ? _text : new byte[text.Length];
                text.CopyTo(_text);
                Key = Value.Text(_text, 0, text.Length);
            }
        }
    }
}
