using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>A kept value with the time and position of its event, by which it is ordered. Move, do not copy.</summary>
internal struct KeptRow
{
    /// <summary>The value; of kind Null while the row is unset.</summary>
    public KeptValue Value;

    private long _timeMs;
    private long _offset;
    private int _source;

    /// <summary>Whether a value is set.</summary>
    public readonly bool IsSet => Value.Kind != ValueKind.Null;

    /// <summary>Copies a row's value of one column.</summary>
    public void Set(in EventRow row, int column)
    {
        Value.Set(row.Columns[column]);
        _timeMs = row.TimeMs;
        _offset = row.Position.Offset;
        _source = row.Position.Source;
    }

    /// <summary>Copies another row.</summary>
    public void Set(in KeptRow other)
    {
        Value.Set(other.Value);
        _timeMs = other._timeMs;
        _offset = other._offset;
        _source = other._source;
    }

    /// <summary>Orders by time, then position.</summary>
    public readonly int CompareOrder(in EventRow row) => _timeMs != row.TimeMs
        ? _timeMs.CompareTo(row.TimeMs)
        : new Position(_source, _offset).CompareTo(row.Position);

    /// <summary>Orders by time, then position.</summary>
    public readonly int CompareOrder(in KeptRow other) => _timeMs != other._timeMs
        ? _timeMs.CompareTo(other._timeMs)
        : new Position(_source, _offset).CompareTo(new Position(other._source, other._offset));

    /// <summary>Writes time, position and value.</summary>
    public readonly void Write(SnapshotWriter writer)
    {
        writer.Zigzag(_timeMs);
        writer.Zigzag(_source);
        writer.Zigzag(_offset);
        Value.Write(writer);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public void Read(ref SnapshotReader reader, ValueKind kind)
    {
        _timeMs = reader.Zigzag();
        _source = (int)reader.Zigzag();
        _offset = reader.Zigzag();
        Value.Read(ref reader, kind);
    }
}
