using System.Collections.Immutable;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features;

/// <summary>
/// Accumulators by category, ordered by the category's hash, then the category. Of more categories than
/// <see cref="CountMax"/> those of the lowest hashes have accumulators of their own: a category that is among the
/// lowest of all was so from its first row on, so its values are exact, and which ones they are is a function of the
/// set of rows. The rows of the others go to <see cref="CategoryRest"/>, where those of large counts and sums are found
/// again. Cleared entries are reused, so steady state does not allocate.
/// </summary>
internal sealed class CategoryMap(GroupPlan group, ImmutableArray<bool> uses)
{
    /// <summary>
    /// The most categories with accumulators of their own, of a tile and of a window alike, so that it does not matter
    /// in which tiles rows are: more than a definition's <c>top</c> may ask for, few enough for many tiles.
    /// </summary>
    internal const int CountMax = 1_024;

    private Category[] _entries = [];
    private CategoryRest? _rest;

    /// <summary>How many categories.</summary>
    internal int Count { get; private set; }

    /// <summary>Whether there were more categories than have accumulators of their own.</summary>
    internal bool IsApproximate { get; private set; }

    /// <summary>What is kept of the other categories; null: nothing.</summary>
    internal CategoryRest? Rest => IsApproximate ? _rest : null;

    internal Category this[int index] => _entries[index];

    /// <summary>Adds a row to its category; a null category is skipped.</summary>
    internal void Add(in EventRow row)
    {
        Value key = row.Columns[group.ByColumn];
        if (key.IsNull)
        {
            return;
        }

        ulong hash = HashOf(key);
        double rank = group.Additive.IsEmpty ? 0 : RowRank.Of(row.Position);
        int from = 0;
        if (GetOrAdd(key, hash, ref from) is not { } category)
        {
            _rest?.Add(row, key, hash, rank);
            return;
        }

        foreach (Accumulator? cell in category.Cells)
        {
            cell?.Add(row);
        }

        for (int i = 0; i < group.Additive.Length; i++)
        {
            category.Ranks[i] = Math.Min(category.Ranks[i], group.RankOf(i, row, rank));
        }
    }

    /// <summary>Adds all categories of another map of the same group.</summary>
    internal void Merge(CategoryMap other)
    {
        int next = 0; // Both are in the same order, so what follows is never before.
        for (int i = 0; i < other.Count; i++)
        {
            Category from = other._entries[i];
            if (GetOrAdd(from.Key, from.Hash, ref next) is { } into)
            {
                into.Merge(from);
            }
            else
            {
                _rest?.Add(from);
            }
        }

        if (other.IsApproximate)
        {
            Exceed();
            _rest?.Merge(other._rest!); // A map of the same group has a rest when this has one.
        }
    }

    /// <summary>Forgets all categories and keeps their accumulators for reuse.</summary>
    internal void Clear()
    {
        for (int i = 0; i < Count; i++)
        {
            _entries[i].Clear();
        }

        if (IsApproximate)
        {
            _rest?.Clear();
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
            foreach (double rank in _entries[i].Ranks)
            {
                writer.Double(rank);
            }

            Tile.WriteCells(writer, _entries[i].Cells);
        }

        Rest?.Write(writer);
    }

    internal void Read(ref SnapshotReader reader)
    {
        Clear();
        bool approximate = reader.Byte() != 0;
        int count = reader.Count(CountMax);
        for (int i = 0; i < count; i++)
        {
            Value key = ValueCodec.Read(ref reader);
            ulong hash = HashOf(key);
            if (Find(key, hash, 0) != ~i)
            {
                throw new SnapshotFormatException("The categories of a tile are not in the order of their hashes.");
            }

            Category category = Insert(i, key, hash);
            foreach (ref double rank in category.Ranks.AsSpan())
            {
                rank = reader.Double();
            }

            Tile.ReadCells(ref reader, category.Cells);
        }

        if (approximate && count != CountMax)
        {
            throw new SnapshotFormatException($"A tile has {count} categories and says that it had more.");
        }

        if (approximate)
        {
            Exceed();
            _rest?.Read(ref reader, _entries[0].Key.Kind);
        }
    }

    private static ulong HashOf(in Value key) =>
        key.Kind == ValueKind.String ? StableHash.Of(key.Utf8) : StableHash.Of(key.Int64);

    /// <summary>The category of a key; null: it is one of those without accumulators of their own.</summary>
    /// <param name="key">The key.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="from">An index before which the key is not; becomes the one after it.</param>
    private Category? GetOrAdd(in Value key, ulong hash, ref int from)
    {
        int at = Find(key, hash, from);
        from = (at < 0 ? ~at : at) + 1;
        if (at >= 0)
        {
            return _entries[at];
        }

        if (Count < CountMax)
        {
            return Insert(~at, key, hash);
        }

        Exceed();
        if (~at == CountMax)
        {
            from = CountMax;
            return null;
        }

        Category last = _entries[Count - 1];
        _rest?.Add(last);
        last.Clear();
        Count--;
        return Insert(~at, key, hash);
    }

    private void Exceed()
    {
        IsApproximate = true;
        _rest ??= CategoryRest.Create(group, uses);
    }

    private Category Insert(int at, in Value key, ulong hash)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Clamp(Count * 2, 4, CountMax));
        }

        Category added = _entries[Count] ?? new Category(Tile.CreateCells(group, uses), group.Additive.Length);
        Array.Copy(_entries, at, _entries, at + 1, Count - at);
        _entries[at] = added;
        Count++;
        added.Reset(key, hash);
        return added;
    }

    /// <summary>The index of a key, or the complement of where it belongs; not before an index.</summary>
    private int Find(in Value key, ulong hash, int from)
    {
        int low = from, high = from < Count && _entries[from].Hash >= hash ? from : Count;
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

        for (; low < Count && _entries[low].Hash == hash; low++)
        {
            int order = ValueOrder.Compare(_entries[low].Key, key);
            if (order >= 0)
            {
                return order == 0 ? low : ~low;
            }
        }

        return ~low;
    }

    /// <summary>
    /// One category: its key, which it owns, its accumulators, and for each that is a count or a sum the smallest rank
    /// of the category's rows (<see cref="RowRank"/>).
    /// </summary>
    internal sealed class Category
    {
        private byte[] _text = [];

        internal Category(Accumulator?[] cells, int additive)
        {
            Cells = cells;
            Ranks = additive == 0 ? [] : new double[additive];
            Array.Fill(Ranks, double.PositiveInfinity);
        }

        internal Accumulator?[] Cells { get; }

        internal double[] Ranks { get; }

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

        internal void Merge(Category other)
        {
            Tile.MergeCells(Cells, other.Cells);
            for (int i = 0; i < Ranks.Length; i++)
            {
                Ranks[i] = Math.Min(Ranks[i], other.Ranks[i]);
            }
        }

        internal void Clear()
        {
            Tile.ClearCells(Cells);
            Array.Fill(Ranks, double.PositiveInfinity);
        }
    }
}
