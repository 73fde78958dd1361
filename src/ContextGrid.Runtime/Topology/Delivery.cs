using System.Collections.Immutable;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// One part of a partition on its way to another process: every event of it for the covered shards, and how far the
/// partition is known to reach.
/// </summary>
/// <remarks>
/// Bytes: a version; the hash of the plans; the sender's version of the ownership; the partition's source number; from,
/// to, end, waiting since and seen, as in <see cref="Delivered"/>; where state begins; gaps; the last record's mark; the
/// covered shards; then the events, each with offset, a flag for one that can't be applied, its index, time and fields.
/// </remarks>
internal readonly record struct DeliveryHeader(
    ulong PlansHash,
    long OwnershipVersion,
    int Source,
    Delivered Delivered,
    long StartOffset,
    ImmutableArray<OffsetGap> Gaps,
    ShardSet Covered)
{
    private const byte Version = 1;

    /// <summary>Writes the header.</summary>
    internal void Write(SnapshotWriter writer)
    {
        writer.Byte(Version);
        writer.UInt64(PlansHash);
        writer.Varint((ulong)OwnershipVersion);
        writer.Varint((ulong)Source);
        writer.Zigzag(Delivered.From);
        writer.Zigzag(Delivered.To);
        writer.Zigzag(Delivered.End);
        writer.Zigzag(Delivered.WaitingSinceMs);
        writer.Zigzag(Delivered.SeenMs);
        writer.Zigzag(StartOffset);
        writer.Varint((ulong)Gaps.Length);
        foreach (OffsetGap gap in Gaps)
        {
            writer.Zigzag(gap.First);
            writer.Zigzag(gap.Last);
        }

        writer.Byte(Delivered.Mark is null ? (byte)0 : (byte)1);
        if (Delivered.Mark is { } mark)
        {
            writer.Zigzag(mark.Offset);
            writer.UInt32(mark.Crc);
        }

        Span<byte> covered = stackalloc byte[ShardSet.Bytes];
        Covered.WriteTo(covered);
        writer.Bytes(covered);
    }

    /// <summary>Reads a header.</summary>
    /// <exception cref="SnapshotFormatException">It is of another version, or damaged.</exception>
    internal static DeliveryHeader Read(ref SnapshotReader reader)
    {
        byte version = reader.Byte();
        if (version != Version)
        {
            throw new SnapshotFormatException($"Events came in version {version}; this process knows {Version}.");
        }

        ulong hash = reader.UInt64();
        long ownership = (long)reader.Varint();
        int source = reader.Count(int.MaxValue);
        (long from, long to, long end) = (reader.Zigzag(), reader.Zigzag(), reader.Zigzag());
        (long sinceMs, long seenMs, long start) = (reader.Zigzag(), reader.Zigzag(), reader.Zigzag());
        var gaps = new OffsetGap[reader.Count(CheckpointContent.GapsMax)];
        for (int i = 0; i < gaps.Length; i++)
        {
            gaps[i] = new OffsetGap(reader.Zigzag(), reader.Zigzag());
        }

        RecordMark? mark = reader.Byte() == 0 ? null : new RecordMark(reader.Zigzag(), reader.UInt32());
        ReadOnlySpan<byte> covered = reader.Bytes();
        if (covered.Length != ShardSet.Bytes)
        {
            throw new SnapshotFormatException("The covered shards are not 32 bytes.");
        }

        return new DeliveryHeader(
            hash,
            ownership,
            source,
            new Delivered(from, to, end, sinceMs, seenMs, mark),
            start,
            [.. gaps],
            ShardSet.Read(covered));
    }
}

/// <summary>What became of a delivery.</summary>
/// <param name="OwnershipVersion">The receiver's version of the ownership.</param>
/// <param name="Refused">Covered shards that are open at the receiver and have missed an earlier part: they read the log
/// by themselves.</param>
/// <param name="DurableNext">The smallest position of the partition that is durable at the receiver; −1: it has no
/// shard.</param>
internal readonly record struct DeliveryReply(long OwnershipVersion, ShardSet Refused, long DurableNext)
{
    private const byte Version = 1;

    /// <summary>The bytes.</summary>
    internal byte[] ToBytes()
    {
        var writer = new SnapshotWriter();
        writer.Byte(Version);
        writer.Varint((ulong)OwnershipVersion);
        writer.Zigzag(DurableNext);
        Span<byte> refused = stackalloc byte[ShardSet.Bytes];
        Refused.WriteTo(refused);
        writer.Bytes(refused);
        return writer.Written.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="SnapshotFormatException">It is something else.</exception>
    internal static DeliveryReply Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new SnapshotReader(bytes);
        if (reader.Byte() != Version)
        {
            throw new SnapshotFormatException("The answer to a delivery is of another version.");
        }

        long ownership = (long)reader.Varint(), durable = reader.Zigzag();
        ReadOnlySpan<byte> refused = reader.Bytes();
        return new DeliveryReply(
            ownership, refused.Length == ShardSet.Bytes ? ShardSet.Read(refused) : default, durable);
    }
}

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
