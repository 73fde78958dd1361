using ContextGrid.Runtime.Topology;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Queries;
using Orleans;

namespace ContextGrid.Orleans.Wire;

/// <summary>One entity's answer.</summary>
/// <param name="Bytes">A version byte, whether the head is before the newest event (and nothing more), the head, the
/// newest event's time, skipped events, the explained window, the applied positions, of each feature its status, note,
/// time and value, and where it was asked for the next head at which they can change without an event.</param>
/// <param name="LossVersion">The last loss of a silo when the entity came into memory, as a version of the cluster's
/// members: it may be behind until that is verified.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.AnswerBlock")]
public readonly record struct AnswerBlock([property: Id(0)] byte[] Bytes, [property: Id(1)] long LossVersion)
{
    private const byte Version = 2;

    /// <summary>Makes the block of the first entity of an answer.</summary>
    internal static AnswerBlock Of(
        ContextAnswer answer, SnapshotWriter writer, long lossVersion, bool tellsNextChange)
    {
        writer.Reset();
        writer.Byte(Version);
        bool isPast = answer.Past.Count > 0;
        writer.Byte(isPast ? (byte)1 : (byte)0);
        if (!isPast)
        {
            Write(answer, writer);
        }

        if (!isPast && tellsNextChange)
        {
            writer.Zigzag(answer.NextChangeMs(0));
        }

        return new AnswerBlock(writer.Written.ToArray(), lossVersion);
    }

    /// <summary>Puts the block into an answer.</summary>
    /// <param name="index">The entity's place.</param>
    /// <param name="answer">Takes it.</param>
    /// <param name="tellsNextChange">Whether the answer is to tell when it can change without an event.</param>
    /// <exception cref="SnapshotFormatException">It is not what was written.</exception>
    internal void CopyTo(int index, ContextAnswer answer, bool tellsNextChange)
    {
        var reader = new SnapshotReader(Bytes);
        byte version = reader.Byte();
        if (version != Version)
        {
            throw new SnapshotFormatException($"An answer came in version {version}; this silo knows {Version}.");
        }

        if (reader.Byte() != 0)
        {
            answer.Past.Add(index);
            return;
        }

        Read(ref reader, index, answer);

        // A silo of before does not tell it.
        if (tellsNextChange && reader.Remaining > 0)
        {
            answer.NextChangeMs(index) = reader.Zigzag();
        }
    }

    private static void Write(ContextAnswer answer, SnapshotWriter writer)
    {
        ref readonly ContextAnswer.EntityHeader header = ref answer.Header(0);
        writer.Zigzag(header.HeadMs);
        writer.Zigzag(header.NewestMs);
        writer.Zigzag(header.SkippedEvents);
        writer.Zigzag(answer.Explained.StartMs);
        writer.Zigzag(answer.Explained.EndMs);
        writer.Zigzag(answer.Explained.Events);
        ReadOnlySpan<Position> positions = answer.Positions(0);
        writer.Varint((ulong)positions.Length);
        foreach (Position position in positions)
        {
            writer.Varint((ulong)position.Source);
            writer.Varint((ulong)position.Offset);
        }

        ReadOnlySpan<Value> values = answer.Values(0);
        writer.Varint((ulong)values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            writer.Byte((byte)answer.Statuses(0)[i]);
            writer.Byte(answer.Notes(0)[i]);
            writer.Zigzag(answer.EventTimesMs(0)[i]);
            WireValues.Write(writer, values[i]);
        }
    }

    private static void Read(ref SnapshotReader reader, int index, ContextAnswer answer)
    {
        (long headMs, long newestMs, long skipped) = (reader.Zigzag(), reader.Zigzag(), reader.Zigzag());
        answer.Explained = (reader.Zigzag(), reader.Zigzag(), reader.Zigzag());
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

        answer.Complete(index, headMs, newestMs, skipped, positions);
    }
}
