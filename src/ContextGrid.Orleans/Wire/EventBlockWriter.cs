using ContextGrid.Runtime.Topology;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Orleans.Wire;

/// <summary>Collects the events of one block.</summary>
internal sealed class EventBlockWriter
{
    private readonly SnapshotWriter _events = new();
    private readonly SnapshotWriter _head = new();
    private int _source;

    /// <summary>How many events.</summary>
    internal int Count { get; private set; }

    /// <summary>The last event's offset.</summary>
    internal long Last { get; private set; }

    /// <summary>Starts anew.</summary>
    internal void Reset()
    {
        _events.Reset();
        Count = 0;
    }

    /// <summary>Adds an event.</summary>
    /// <param name="record">The event; read during the call.</param>
    /// <param name="fields">How many fields it has.</param>
    /// <param name="isSkipped">Whether it can't be applied.</param>
    internal void Add(EventRecord record, int fields, bool isSkipped)
    {
        (_source, Last) = (record.Position.Source, record.Position.Offset);
        Count++;
        _events.Varint((ulong)record.Position.Offset);
        _events.Byte(isSkipped ? (byte)1 : (byte)0);
        if (isSkipped)
        {
            return;
        }

        _events.Varint((ulong)record.EventIndex);
        _events.Zigzag(record.EventTimeMs);
        _events.Varint((ulong)fields);
        foreach (ref readonly Value value in record.Fields.AsSpan(0, fields))
        {
            WireValues.Write(_events, value);
        }
    }

    /// <summary>The block.</summary>
    /// <param name="expected">What the entity must have.</param>
    /// <param name="reader">The silo that reads.</param>
    internal EventBlock ToBlock(long expected, int reader = 0)
    {
        _head.Reset();
        _head.Byte(EventBlock.Version);
        _head.Varint((ulong)_source);
        _head.Zigzag(expected);
        _head.Varint((ulong)Count);
        byte[] bytes = new byte[_head.Length + _events.Length];
        _head.Written.CopyTo(bytes);
        _events.Written.CopyTo(bytes.AsSpan(_head.Length));
        return new EventBlock(bytes, reader);
    }
}
