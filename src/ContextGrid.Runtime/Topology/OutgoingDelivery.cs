using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>Collects, for each other process, the events of one part of a partition. One thread at a time.</summary>
/// <param name="fields">How many fields each event of the definitions has.</param>
internal sealed class OutgoingDelivery(int[] fields) : OutgoingEvents
{
    private readonly SnapshotWriter _event = new();
    private readonly SnapshotWriter _header = new();
    private SnapshotWriter[] _events = [];
    private bool[] _wanted = [];
    private ShardRoutes? _routes;

    /// <summary>The routes of the part; set by <see cref="Begin"/>.</summary>
    internal ShardRoutes Routes => _routes ?? throw new InvalidOperationException("No part has begun.");

    /// <summary>Begins a part.</summary>
    internal void Begin(ShardRoutes routes)
    {
        _routes = routes;
        if (_events.Length < routes.Others.Length)
        {
            _events = [.. Enumerable.Range(0, routes.Others.Length).Select(_ => new SnapshotWriter())];
            _wanted = new bool[_events.Length];
        }

        foreach (SnapshotWriter events in _events)
        {
            events.Reset();
        }
    }

    /// <inheritdoc/>
    internal override void Want(int shard)
    {
        if (Routes.DestinationOf(shard) is var at and >= 0)
        {
            _wanted[at] = true;
        }
    }

    /// <inheritdoc/>
    internal override void Add(EventRecord record, bool isSkipped)
    {
        if (!_wanted.AsSpan().Contains(true))
        {
            return;
        }

        Write(record, isSkipped);
        for (int i = 0; i < _wanted.Length; i++)
        {
            if (_wanted[i])
            {
                _events[i].Raw(_event.Written);
                _wanted[i] = false;
            }
        }
    }

    /// <summary>The message to one of the other processes.</summary>
    internal byte[] MessageTo(int destination, in DeliveryHeader header)
    {
        _header.Reset();
        header.Write(_header);
        byte[] bytes = new byte[_header.Length + _events[destination].Length];
        _header.Written.CopyTo(bytes);
        _events[destination].Written.CopyTo(bytes.AsSpan(_header.Length));
        return bytes;
    }

    private void Write(EventRecord record, bool isSkipped)
    {
        _event.Reset();
        _event.Varint((ulong)record.Position.Offset);
        _event.Byte(isSkipped ? (byte)1 : (byte)0);
        _event.Varint((ulong)record.EventIndex);
        _event.Zigzag(record.EventTimeMs);
        int count = fields[record.EventIndex];
        _event.Varint((ulong)count);
        foreach (ref readonly Value value in record.Fields.AsSpan(0, count))
        {
            WireValues.Write(_event, value);
        }
    }
}
