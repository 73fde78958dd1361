using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// The n different values of a column that were seen latest, each with the row where it was seen latest.
/// </summary>
internal sealed class RecentUniqueAccumulator(int column, ValueKind kind, int countMax) : Accumulator, IKeptResult
{
    private SlotList<KeptRow> _rows; // The latest first.

    /// <inheritdoc/>
    public Value ToValue(ResultArena arena)
    {
        Span<KeptRow> rows = _rows.Items;
        if (rows.IsEmpty)
        {
            return Value.Null;
        }

        (Value[] items, int start) = arena.TakeList(rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            items[start + i] = rows[i].Value.ToValue(arena);
        }

        return Value.List(items, start, rows.Length);
    }

    internal override long KeptCount => _rows.Count;

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (value.IsNull)
        {
            return;
        }

        Span<KeptRow> rows = _rows.Items;
        int same = 0;
        while (same < rows.Length && !rows[same].Value.Is(value))
        {
            same++;
        }

        int index = rows.Length;
        while (index > 0 && rows[index - 1].CompareOrder(row) < 0)
        {
            index--;
        }

        if (TakePlace(same, index))
        {
            _rows.Open(index, countMax).Set(row, column);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        foreach (ref readonly KeptRow row in ((RecentUniqueAccumulator)other)._rows.Items)
        {
            Span<KeptRow> rows = _rows.Items;
            int same = 0;
            while (same < rows.Length && !rows[same].Value.Is(row.Value))
            {
                same++;
            }

            int index = rows.Length;
            while (index > 0 && rows[index - 1].CompareOrder(row) < 0)
            {
                index--;
            }

            if (TakePlace(same, index))
            {
                _rows.Open(index, countMax).Set(row);
            }
        }
    }

    /// <inheritdoc/>
    public override void Clear() => _rows.Clear();

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Varint((ulong)_rows.Count);
        foreach (ref readonly KeptRow row in _rows.Items)
        {
            row.Write(writer);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        int count = reader.Count(countMax);
        for (int i = 0; i < count; i++)
        {
            _rows.Open(i, countMax).Read(ref reader, kind);
        }
    }

    /// <summary>
    /// Whether a row that belongs at <paramref name="index"/> is to be inserted. An older row of the same value, at or
    /// after that index, is taken out first; a newer one makes the row superfluous.
    /// </summary>
    private bool TakePlace(int same, int index)
    {
        bool found = same < _rows.Count;
        if (found && same >= index)
        {
            _rows.RemoveAt(same);
            return true;
        }

        return !found && index < countMax;
    }
}
