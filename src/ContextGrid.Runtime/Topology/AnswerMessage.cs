using System.Collections.Immutable;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Topology;

/// <summary>The answer to a part of a query on its way back.</summary>
/// <remarks>
/// Bytes: a version; the places of entities that the process does not have; the sources; then each entity: whether it
/// is asked about its past (and nothing more), head, newest event's time, skipped events, positions, values, and where
/// it was asked for the next change; at last the explained window.
/// </remarks>
internal static class AnswerMessage
{
    private const byte Version = 1;

    /// <summary>Writes an answer.</summary>
    /// <param name="writer">Takes the bytes.</param>
    /// <param name="query">The query.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="closed">The places of entities whose shard is not open in this process.</param>
    internal static void Write(
        SnapshotWriter writer, ContextQuery query, ContextAnswer answer, IReadOnlyList<int> closed)
    {
        writer.Byte(Version);
        writer.Varint((ulong)closed.Count);
        foreach (int index in closed)
        {
            writer.Varint((ulong)index);
        }

        // Where the shards of a process stand says nothing of entities that it does not have.
        int sources = closed.Count < query.Count ? answer.Sources.Count : 0;
        writer.Varint((ulong)sources);
        foreach (SourceReading source in answer.Sources.Take(sources))
        {
            Write(writer, source);
        }

        for (int i = 0; i < query.Count; i++)
        {
            bool isPast = answer.Past.Contains(i);
            writer.Byte(isPast ? (byte)1 : (byte)0);
            if (!isPast)
            {
                Write(writer, answer, i);
                writer.Zigzag(query.TellsNextChange ? answer.NextChangeMs(i) : long.MaxValue);
            }
        }

        writer.Zigzag(answer.Explained.StartMs);
        writer.Zigzag(answer.Explained.EndMs);
        writer.Zigzag(answer.Explained.Events);
    }

    /// <summary>Reads an answer into that of the whole query.</summary>
    /// <param name="bytes">What <see cref="Write(SnapshotWriter, ContextQuery, ContextAnswer, IReadOnlyList{int})"/>
    /// wrote.</param>
    /// <param name="query">The whole query.</param>
    /// <param name="entities">The places of the asked entities in it.</param>
    /// <param name="answer">Takes the answers and the sources.</param>
    /// <param name="closed">Takes the places of entities that the process does not have.</param>
    /// <exception cref="SnapshotFormatException">It is of another version, or damaged.</exception>
    internal static void Read(
        ReadOnlySpan<byte> bytes,
        ContextQuery query,
        IReadOnlyList<int> entities,
        ContextAnswer answer,
        List<int> closed)
    {
        var reader = new SnapshotReader(bytes);
        byte version = reader.Byte();
        if (version != Version)
        {
            throw new SnapshotFormatException($"An answer came in version {version}; this process knows {Version}.");
        }

        var missing = new HashSet<int>();
        for (int left = reader.Count(entities.Count); left > 0; left--)
        {
            int place = entities[reader.Count(entities.Count - 1)];
            missing.Add(place);
            closed.Add(place);
        }

        for (int left = reader.Count(reader.Remaining); left > 0; left--)
        {
            Merge(answer.Sources, ReadSource(ref reader));
        }

        foreach (int index in entities)
        {
            if (reader.Byte() != 0)
            {
                answer.Past.Add(index);
                continue;
            }

            bool isMissing = missing.Contains(index);
            ReadEntity(ref reader, index, answer, isMissing);
            long next = reader.Zigzag();
            if (query.TellsNextChange && !isMissing)
            {
                answer.NextChangeMs(index) = next;
            }
        }

        (long StartMs, long EndMs, long Events) explained = (reader.Zigzag(), reader.Zigzag(), reader.Zigzag());
        answer.Explained = query.Explained >= 0 ? explained : answer.Explained;
    }

    /// <summary>Adds a reading: of one partition the one holds that is the furthest behind.</summary>
    internal static void Merge(List<SourceReading> sources, SourceReading reading)
    {
        int at = sources.FindIndex(s => s.Partition == reading.Partition);
        if (at < 0)
        {
            sources.Add(reading);
        }
        else
        {
            sources[at] = sources[at].FurtherBehind(reading);
        }
    }

    private static void Write(SnapshotWriter writer, SourceReading source)
    {
        writer.Text(source.Partition.Topic);
        writer.Varint((ulong)source.Partition.Partition);
        writer.Zigzag(source.Next);
        writer.Zigzag(source.Lag);
        writer.Zigzag(source.LagMs);
        writer.Byte(source.IsRebuilding ? (byte)1 : (byte)0);
        WireValues.WriteGaps(writer, source.Gaps.IsDefault ? [] : source.Gaps);
    }

    private static SourceReading ReadSource(ref SnapshotReader reader)
    {
        string topic = reader.Text();
        var partition = new TopicPartition(topic, reader.Count(ushort.MaxValue));
        (long next, long lag, long lagMs) = (reader.Zigzag(), reader.Zigzag(), reader.Zigzag());
        bool isRebuilding = reader.Byte() != 0;
        return new SourceReading(
            partition, next, lag, lagMs, isRebuilding, WireValues.ReadGaps(ref reader));
    }

    private static void Write(SnapshotWriter writer, ContextAnswer answer, int index)
    {
        ref readonly ContextAnswer.EntityHeader header = ref answer.Header(index);
        writer.Zigzag(header.HeadMs);
        writer.Zigzag(header.NewestMs);
        writer.Zigzag(header.SkippedEvents);
        ReadOnlySpan<Position> positions = answer.Positions(index);
        writer.Varint((ulong)positions.Length);
        foreach (Position position in positions)
        {
            writer.Varint((ulong)position.Source);
            writer.Varint((ulong)position.Offset);
        }

        ReadOnlySpan<Value> values = answer.Values(index);
        writer.Varint((ulong)values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            writer.Byte((byte)answer.Statuses(index)[i]);
            writer.Byte(answer.Notes(index)[i]);
            writer.Zigzag(answer.EventTimesMs(index)[i]);
            WireValues.Write(writer, values[i]);
        }
    }

    private static void ReadEntity(ref SnapshotReader reader, int index, ContextAnswer answer, bool isMissing)
    {
        (long headMs, long newestMs, long skipped) = (reader.Zigzag(), reader.Zigzag(), reader.Zigzag());
        var positions = new Position[reader.Count(reader.Remaining)];
        for (int i = 0; i < positions.Length; i++)
        {
            positions[i] = new Position(reader.Count(int.MaxValue), (long)reader.Varint());
        }

        AnswerSlots slots = answer.Slots(index);
        int count = reader.Count(slots.Values.Length);
        for (int i = 0; i < count; i++)
        {
            slots.Statuses[i] = (FeatureStatus)reader.Byte();
            slots.Notes[i] = reader.Byte();
            slots.EventTimesMs[i] = reader.Zigzag();
            slots.Values[i] = WireValues.Read(ref reader);
        }

        if (!isMissing)
        {
            answer.Complete(index, headMs, newestMs, skipped, positions);
        }
    }
}
