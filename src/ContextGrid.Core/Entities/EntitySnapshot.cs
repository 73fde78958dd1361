using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Entities;

/// <summary>
/// The bytes of an entity's snapshot; docs/STORAGE.md describes them. A version is refused when what it keeps is not
/// what today's rules keep of the same events.
/// </summary>
internal static class EntitySnapshot
{
    private const byte Version = 2;
    private const int ChecksumBytes = 4;

    internal static void Write(Entity entity, EventState?[] events, SnapshotWriter writer)
    {
        int start = writer.Length;
        writer.Byte(Version);
        writer.Zigzag(entity.NewestMs);
        writer.Varint((ulong)entity.SkippedEvents);
        writer.Varint((ulong)entity.Applied.Length);
        foreach (Position position in entity.Applied)
        {
            writer.Varint((ulong)position.Source);
            writer.Zigzag(position.Offset);
        }

        foreach (EventState? state in events)
        {
            writer.Byte(state is null ? (byte)0 : (byte)1);
            if (state is not null)
            {
                WriteEvent(state, entity.HeadMsMin, writer);
            }
        }

        writer.UInt32(Crc32C.Compute(writer.Written[start..]));
    }

    internal static Header Read(EntityPlan plan, ReadOnlySpan<byte> snapshot, EventState?[] events)
    {
        SnapshotReader reader = Open(snapshot);
        Header header = ReadHeader(ref reader);
        for (int i = 0; i < events.Length; i++)
        {
            events[i] = reader.Byte() == 0 ? null : ReadEvent(plan.Events[i], ref reader);
        }

        return reader.Remaining == 0
            ? header
            : throw new SnapshotFormatException("The snapshot is longer than its state.");
    }

    /// <summary>Checks what can be checked without a plan, the checksum and the version; stands behind them.</summary>
    internal static SnapshotReader Open(ReadOnlySpan<byte> snapshot)
    {
        if (snapshot.Length < 1 + ChecksumBytes)
        {
            throw new SnapshotFormatException($"A snapshot of {snapshot.Length} bytes is too short.");
        }

        ReadOnlySpan<byte> body = snapshot[..^ChecksumBytes];
        var checksum = new SnapshotReader(snapshot[^ChecksumBytes..]);
        if (Crc32C.Compute(body) != checksum.UInt32())
        {
            throw new SnapshotFormatException("The snapshot's checksum does not fit its bytes.");
        }

        var reader = new SnapshotReader(body);
        byte version = reader.Byte();
        if (version != Version)
        {
            string what = version < Version
                ? "It counts by rules that no longer hold: build the state from the log again (--rebuild; silos get an "
                    + "empty store of snapshots)."
                : "Use the program that wrote it.";
            throw new SnapshotFormatException(
                $"The snapshot has version {version}; this program reads version {Version}. {what}");
        }

        return reader;
    }

    private static Header ReadHeader(ref SnapshotReader reader)
    {
        long newest = reader.Zigzag();
        long skipped = (long)reader.Varint();
        var applied = new Position[reader.Count(reader.Remaining)];
        for (int i = 0; i < applied.Length; i++)
        {
            applied[i] = new Position(reader.Count(int.MaxValue), reader.Zigzag());
        }

        return new Header(newest, skipped, applied);
    }

    private static void WriteEvent(EventState state, long headMs, SnapshotWriter writer)
    {
        foreach (long newest in state.NewestMatches)
        {
            WriteTime(writer, newest);
        }

        foreach (GroupPlan group in state.Plan.Groups)
        {
            TileSet? tiles = state.TilesOf(group.Index);
            if (tiles is null)
            {
                writer.Varint(0);
                continue;
            }

            tiles.Write(writer, group.IsLifetime ? 0 : group.FirstTile(headMs));
        }

        state.Rows.Write(writer);
        if (state.ExactRows is { } exact)
        {
            exact.Write(writer);
            WriteTime(writer, state.ExactDroppedMs);
        }

        state.Waiting?.Write(writer);
    }

    // A time, or that there is none.
    private static void WriteTime(SnapshotWriter writer, long timeMs)
    {
        writer.Byte(timeMs == long.MinValue ? (byte)0 : (byte)1);
        if (timeMs != long.MinValue)
        {
            writer.Zigzag(timeMs);
        }
    }

    private static long ReadTime(ref SnapshotReader reader) =>
        reader.Byte() == 0 ? long.MinValue : reader.Zigzag();

    private static EventState ReadEvent(EventPlan plan, ref SnapshotReader reader)
    {
        var state = new EventState(plan);
        for (int i = 0; i < state.NewestMatches.Length; i++)
        {
            state.NewestMatches[i] = ReadTime(ref reader);
        }

        foreach (GroupPlan group in plan.Groups)
        {
            var tiles = new TileSet(group);
            tiles.Read(ref reader);
            if (tiles.Count > 0)
            {
                state.AdoptTiles(group, tiles);
            }
        }

        state.Rows.Read(ref reader, plan);
        if (state.ExactRows is { } exact)
        {
            exact.Read(ref reader, plan);
            state.ExactDroppedMs = ReadTime(ref reader);
        }

        state.Waiting?.Read(ref reader, plan);
        return state;
    }

    /// <summary>What a snapshot says of the entity as a whole.</summary>
    internal readonly record struct Header(long NewestMs, long SkippedEvents, Position[] Applied);
}
