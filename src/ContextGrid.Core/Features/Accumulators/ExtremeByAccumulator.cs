using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// The value of the row whose order column is smallest or largest, of equals the latest. Rows where either is null are
/// skipped.
/// </summary>
internal sealed class ExtremeByAccumulator(int column, ValueKind kind, int orderColumn, bool largest)
    : Accumulator, IKeptResult
{
    private KeptRow _kept;
    private KeptValue _order;

    /// <summary>A long text is ordered by what is kept of it.</summary>
    public override bool IsApproximate => _kept.IsSet && _order.Utf8.Length > KeptText.BytesMax;

    /// <inheritdoc/>
    public Value ToValue(ResultArena arena) => _kept.Value.ToValue(arena);

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value order = ref row.Columns[orderColumn];
        if (order.IsNull || row.Columns[column].IsNull)
        {
            return;
        }

        int compared = _kept.IsSet ? _order.Compare(order) : 0;
        if (!_kept.IsSet || Better(compared) || (compared == 0 && _kept.CompareOrder(row) < 0))
        {
            _kept.Set(row, column);
            _order.Set(order);
        }
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var extreme = (ExtremeByAccumulator)other;
        if (!extreme._kept.IsSet)
        {
            return;
        }

        int compared = _kept.IsSet ? _order.Compare(extreme._order) : 0;
        if (!_kept.IsSet || Better(compared) || (compared == 0 && _kept.CompareOrder(extreme._kept) < 0))
        {
            _kept.Set(extreme._kept);
            _order.Set(extreme._order);
        }
    }

    /// <inheritdoc/>
    public override void Clear() => _kept.Value.Clear();

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        // The spec does not name the order column's kind; it stands in front, and zero says that nothing is kept.
        writer.Byte(_kept.IsSet ? (byte)_order.Kind : (byte)0);
        if (_kept.IsSet)
        {
            _order.Write(writer);
            _kept.Write(writer);
        }
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        Clear();
        byte orderKind = reader.Byte();
        if (orderKind != 0)
        {
            _order.Read(ref reader, (ValueKind)orderKind);
            _kept.Read(ref reader, kind);
        }
    }

    private bool Better(int keptToNew) => largest ? keptToNew < 0 : keptToNew > 0;
}
