using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>The n largest or smallest values of a column, duplicates kept.</summary>
internal sealed class RankedAccumulator(int column, ValueKind kind, int countMax, bool largest)
    : Accumulator, IKeptResult
{
    private SlotList<KeptValue> _values; // The best first.

    /// <inheritdoc/>
    public Value ToValue(ResultArena arena)
    {
        Span<KeptValue> values = _values.Items;
        if (values.IsEmpty)
        {
            return Value.Null;
        }

        (Value[] items, int start) = arena.TakeList(values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            items[start + i] = values[i].ToValue(arena);
        }

        return Value.List(items, start, values.Length);
    }

    internal override long KeptCount => _values.Count;

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (value.IsNull)
        {
            return;
        }

        Span<KeptValue> values = _values.Items;
        int index = values.Length;
        while (index > 0 && Better(values[index - 1].Compare(value)))
        {
            index--;
        }

        if (index < countMax)
        {
            _values.Open(index, countMax).Set(value);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        foreach (ref readonly KeptValue value in ((RankedAccumulator)other)._values.Items)
        {
            Span<KeptValue> values = _values.Items;
            int index = values.Length;
            while (index > 0 && Better(values[index - 1].Compare(value)))
            {
                index--;
            }

            if (index >= countMax)
            {
                return;
            }

            _values.Open(index, countMax).Set(value);
        }
    }

    /// <inheritdoc/>
    public override void Clear() => _values.Clear();

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        writer.Varint((ulong)_values.Count);
        foreach (ref readonly KeptValue value in _values.Items)
        {
            value.Write(writer);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        int count = reader.Count(countMax);
        for (int i = 0; i < count; i++)
        {
            _values.Open(i, countMax).Read(ref reader, kind);
        }
    }

    private bool Better(int keptToNew) => largest ? keptToNew < 0 : keptToNew > 0;
}
