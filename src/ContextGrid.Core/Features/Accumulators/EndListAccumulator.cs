using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>The values of the n earliest or latest rows with a non-null column, by time and then position.</summary>
internal sealed class EndListAccumulator(int column, ValueKind kind, int countMax, bool latest)
    : Accumulator, IKeptResult
{
    private SlotList<KeptRow> _rows; // The best first: the earliest, or the latest.

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
        if (row.Columns[column].IsNull)
        {
            return;
        }

        Span<KeptRow> rows = _rows.Items;
        int index = rows.Length;
        while (index > 0 && Better(rows[index - 1].CompareOrder(row)))
        {
            index--;
        }

        if (index < countMax)
        {
            _rows.Open(index, countMax).Set(row, column);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        foreach (ref readonly KeptRow row in ((EndListAccumulator)other)._rows.Items)
        {
            Span<KeptRow> rows = _rows.Items;
            int index = rows.Length;
            while (index > 0 && Better(rows[index - 1].CompareOrder(row)))
            {
                index--;
            }

            if (index >= countMax)
            {
                return;
            }

            _rows.Open(index, countMax).Set(row);
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

    private bool Better(int keptToNew) => latest ? keptToNew < 0 : keptToNew > 0;
}
