using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Topology;

/// <summary>Moves through the events of a delivery.</summary>
internal sealed class DeliveryCursor : EventCursor
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _source;
    private int _at;

    /// <summary>Opens the events of a delivery.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="events">The bytes behind the header.</param>
    /// <param name="fieldsMax">The most fields that an event of the definitions has.</param>
    internal DeliveryCursor(
        in DeliveryHeader header, TopicPartition partition, ReadOnlyMemory<byte> events, int fieldsMax)
    {
        (_bytes, _source, Partition) = (events, header.Source, partition);
        Current = new EventRecord(fieldsMax);
        Restart(header.Delivered.From, header.Delivered.To);
    }

    /// <inheritdoc/>
    public override TopicPartition Partition { get; }

    /// <inheritdoc/>
    public override EventRecord Current { get; }

    /// <inheritdoc/>
    private protected override bool Advance()
    {
        if (_at >= _bytes.Length)
        {
            return false;
        }

        var reader = new SnapshotReader(_bytes.Span[_at..]);
        Current.Position = new Position(_source, (long)reader.Varint());
        IsSkipped = reader.Byte() != 0;
        Current.EventIndex = reader.Count(int.MaxValue);
        Current.EventTimeMs = reader.Zigzag();
        int fields = reader.Count(Current.Fields.Length);
        for (int i = 0; i < fields; i++)
        {
            Current.Fields[i] = WireValues.Read(ref reader);
        }

        _at = _bytes.Length - reader.Remaining;
        return true;
    }
}
