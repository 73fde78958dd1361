using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// Values between processes: scalars as in a snapshot. After its kind a list has a count and its items, and so has a
/// map, as key, value, key, value ….
/// </summary>
internal static class WireValues
{
    private const int ItemsMax = 1 << 20;
    private const int DepthMax = 8;

    /// <summary>Writes a value.</summary>
    internal static void Write(SnapshotWriter writer, in Value value)
    {
        ValueCodec.Write(writer, value);
        if (value.Kind is ValueKind.List or ValueKind.Map)
        {
            writer.Varint((ulong)value.Items.Length);
            foreach (ref readonly Value item in value.Items)
            {
                Write(writer, item);
            }
        }
    }

    /// <summary>Reads a value; texts and lists get memory of their own.</summary>
    /// <exception cref="SnapshotFormatException">It is not what was written.</exception>
    internal static Value Read(ref SnapshotReader reader, int depth = 0)
    {
        var kind = (ValueKind)reader.Byte();
        if (kind is not (ValueKind.List or ValueKind.Map) || depth >= DepthMax)
        {
            return ValueCodec.Read(ref reader, kind);
        }

        var items = new Value[reader.Count(Math.Min(ItemsMax, reader.Remaining))];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = Read(ref reader, depth + 1);
        }

        return kind == ValueKind.List ? Value.List(items, 0, items.Length) : Value.Map(items, 0, items.Length);
    }

    /// <summary>Writes gaps: a count, and first and last offset of each.</summary>
    internal static void WriteGaps(SnapshotWriter writer, ImmutableArray<OffsetGap> gaps)
    {
        writer.Varint((ulong)gaps.Length);
        foreach (OffsetGap gap in gaps)
        {
            writer.Zigzag(gap.First);
            writer.Zigzag(gap.Last);
        }
    }

    /// <summary>Reads gaps.</summary>
    /// <exception cref="SnapshotFormatException">They are more than are ever kept.</exception>
    internal static ImmutableArray<OffsetGap> ReadGaps(ref SnapshotReader reader)
    {
        var gaps = new OffsetGap[reader.Count(CheckpointContent.GapsMax)];
        for (int i = 0; i < gaps.Length; i++)
        {
            gaps[i] = new OffsetGap(reader.Zigzag(), reader.Zigzag());
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(gaps);
    }
}
