using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features;

/// <summary>
/// The tiles of one group, ordered by index. Slots after <see cref="Count"/> hold expired tiles for reuse, so that
/// steady state does not allocate.
/// </summary>
internal sealed class TileSet(GroupPlan group)
{
    private Tile?[] _tiles = new Tile?[1];

    /// <summary>How many tiles are live.</summary>
    internal int Count { get; private set; }

    /// <summary>A live tile, in ascending order of index.</summary>
    internal Tile this[int at] => _tiles[at]!; // Slots below Count are filled.

    /// <summary>The tile with an index; null: there is none.</summary>
    internal Tile? Find(long index)
    {
        int at = LowerBound(index);
        return at < Count && _tiles[at]!.Index == index ? _tiles[at] : null; // Slots below Count are filled.
    }

    /// <summary>The tile with an index, made when there is none.</summary>
    internal Tile GetOrAdd(long index)
    {
        int at = LowerBound(index);
        if (at < Count && _tiles[at]!.Index == index) // As above.
        {
            return _tiles[at]!;
        }

        if (Count == _tiles.Length)
        {
            Array.Resize(ref _tiles, Count * 2);
        }

        Tile tile = _tiles[Count] ?? new Tile(group);
        Array.Copy(_tiles, at, _tiles, at + 1, Count - at);
        _tiles[at] = tile;
        Count++;
        tile.Index = index;
        return tile;
    }

    /// <summary>An estimate of the memory of all tiles, as they are.</summary>
    internal long MeasureBytes()
    {
        long bytes = 48 + (8L * _tiles.Length);
        foreach (Tile? tile in _tiles)
        {
            bytes += tile is null ? 0 : PlanBytes.Of(group, tile);
        }

        return bytes;
    }

    /// <summary>Where the first tile with at least this index is; the newest tile is found at once.</summary>
    internal int LowerBound(long index)
    {
        if (Count == 0 || _tiles[Count - 1]!.Index < index) // Slots below Count are filled.
        {
            return Count;
        }

        int low = 0, high = Count - 1;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_tiles[middle]!.Index < index)
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

    /// <summary>Takes the tiles before an index out of the set and keeps them for reuse.</summary>
    internal void Expire(long firstIndex)
    {
        while (Count > 0 && _tiles[0]!.Index < firstIndex) // Slots below Count are filled.
        {
            Tile expired = _tiles[0]!;
            Array.Copy(_tiles, 1, _tiles, 0, Count - 1);
            _tiles[--Count] = expired;
            expired.Clear();
        }
    }

    internal void Write(SnapshotWriter writer, long firstIndex)
    {
        int from = LowerBound(firstIndex);
        writer.Varint((ulong)(Count - from));
        for (int i = from; i < Count; i++)
        {
            _tiles[i]!.Write(writer); // Slots below Count are filled.
        }
    }

    internal void Read(ref SnapshotReader reader)
    {
        int count = reader.Count(reader.Remaining);
        _tiles = new Tile?[Math.Max(1, count)];
        for (Count = 0; Count < count; Count++)
        {
            var tile = new Tile(group);
            tile.Read(ref reader);
            _tiles[Count] = tile;
            if (Count > 0 && _tiles[Count - 1]!.Index >= tile.Index) // As above.
            {
                throw new SnapshotFormatException("Tiles are not in ascending order.");
            }
        }
    }
}
