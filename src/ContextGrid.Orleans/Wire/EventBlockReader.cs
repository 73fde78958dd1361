using ContextGrid.Runtime.Topology;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Orleans.Wire;

/// <summary>Reads a block.</summary>
internal ref struct EventBlockReader
{
    private SnapshotReader _reader;
    private int _left;

    /// <summary>Reads the head of a block.</summary>
    /// <exception cref="SnapshotFormatException">It is of a newer version, or damaged.</exception>
    internal EventBlockReader(EventBlock block)
    {
        _reader = new SnapshotReader(block.Bytes);
        byte version = _reader.Byte();
        if (version != EventBlock.Version)
        {
            throw new SnapshotFormatException($"Events came in version {version}; {EventBlock.Version} is known.");
        }

        Source = _reader.Count(int.MaxValue);
        Expected = _reader.Zigzag();
        _left = _reader.Count(_reader.Remaining);
    }

    /// <summary>The source of all events, as the definitions count it.</summary>
    internal int Source { get; }

    /// <summary>What the entity must have.</summary>
    internal long Expected { get; }

    /// <summary>Reads the next event; false: there is none.</summary>
    internal bool TryRead(EventRecord record, out bool isSkipped)
    {
        isSkipped = false;
        if (_left-- == 0)
        {
            return false;
        }

        record.Position = new Position(Source, (long)_reader.Varint());
        isSkipped = _reader.Byte() != 0;
        if (isSkipped)
        {
            return true;
        }

        record.EventIndex = _reader.Count(int.MaxValue);
        record.EventTimeMs = _reader.Zigzag();
        int fields = _reader.Count(record.Fields.Length);
        for (int i = 0; i < fields; i++)
        {
            record.Fields[i] = WireValues.Read(ref _reader);
        }

        return true;
    }
}
