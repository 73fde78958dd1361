using System.Collections.Immutable;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Topology;

/// <summary>A part of a query on its way to the process that has the entities.</summary>
/// <remarks>
/// Bytes: a version; the hash of the plans; head, explained feature and whether the next change is told; minimum
/// positions; the selections, each with its type's index and its names, or all; the entities, each with its selection
/// and key.
/// </remarks>
internal static class ReadMessage
{
    private const byte Version = 1;

    /// <summary>Writes some entities of a query.</summary>
    /// <param name="writer">Takes the bytes.</param>
    /// <param name="plansHash">Tells plans apart.</param>
    /// <param name="query">The query.</param>
    /// <param name="entities">The places of the entities.</param>
    /// <param name="typeOf">The index of a selection's type among all plans.</param>
    internal static void Write(
        SnapshotWriter writer,
        ulong plansHash,
        ContextQuery query,
        IReadOnlyList<int> entities,
        Func<FeatureSelection, int> typeOf)
    {
        writer.Byte(Version);
        writer.UInt64(plansHash);
        writer.Byte((byte)query.Head);
        writer.Zigzag(query.HeadMs);
        writer.Zigzag(query.Explained);
        writer.Byte(query.TellsNextChange ? (byte)1 : (byte)0);
        ImmutableArray<(TopicPartition Partition, long Offset)> positions =
            query.PositionsMin.IsDefault ? [] : query.PositionsMin;
        writer.Varint((ulong)positions.Length);
        foreach ((TopicPartition partition, long offset) in positions)
        {
            writer.Text(partition.Topic);
            writer.Varint((ulong)partition.Partition);
            writer.Zigzag(offset);
        }

        writer.Varint((ulong)query.Selections.Count);
        foreach (FeatureSelection selection in query.Selections)
        {
            writer.Varint((ulong)typeOf(selection));
            writer.Byte(selection.IsAll ? (byte)1 : (byte)0);
            writer.Varint(selection.IsAll ? 0 : (ulong)selection.Names.Length);
            foreach (string name in selection.IsAll ? [] : selection.Names)
            {
                writer.Text(name);
            }
        }

        writer.Varint((ulong)entities.Count);
        foreach (int index in entities)
        {
            writer.Varint((ulong)query[index].Selection);
            writer.Bytes(query.Key(index));
        }
    }

    /// <summary>Reads a query.</summary>
    /// <param name="bytes">What <see cref="Write"/> wrote.</param>
    /// <param name="plansHash">The hash of this process's plans.</param>
    /// <param name="query">Takes it; cleared first.</param>
    /// <param name="selectionsOf">The selections of a type, by its index.</param>
    /// <exception cref="SnapshotFormatException">It is of another version, of other plans, or damaged.</exception>
    internal static void Read(
        ReadOnlySpan<byte> bytes,
        ulong plansHash,
        ContextQuery query,
        ImmutableArray<FeatureSelections> selectionsOf)
    {
        query.Clear();
        var reader = new SnapshotReader(bytes);
        byte version = reader.Byte();
        if (version != Version)
        {
            throw new SnapshotFormatException($"A query came in version {version}; this process knows {Version}.");
        }

        if (reader.UInt64() != plansHash)
        {
            throw new SnapshotFormatException(
                "A query came from a process with other definitions. Start all processes with the same ones.");
        }

        query.Head = (QueryHead)reader.Byte();
        query.HeadMs = reader.Zigzag();
        query.Explained = (int)reader.Zigzag();
        query.TellsNextChange = reader.Byte() != 0;
        var positions = new (TopicPartition, long)[reader.Count(reader.Remaining)];
        for (int i = 0; i < positions.Length; i++)
        {
            string topic = reader.Text();
            positions[i] = (new TopicPartition(topic, reader.Count(ushort.MaxValue)), reader.Zigzag());
        }

        query.PositionsMin = [.. positions];
        for (int left = reader.Count(reader.Remaining); left > 0; left--)
        {
            FeatureSelections type = selectionsOf[reader.Count(selectionsOf.Length - 1)];
            bool isAll = reader.Byte() != 0;
            var names = new string[reader.Count(reader.Remaining)];
            for (int i = 0; i < names.Length; i++)
            {
                names[i] = reader.Text();
            }

            query.Selections.Add(isAll ? type.All : type.Of(names));
        }

        for (int left = reader.Count(ContextQuery.EntitiesMax); left > 0; left--)
        {
            int selection = reader.Count(query.Selections.Count - 1);
            query.Add(selection, reader.Bytes());
        }
    }
}
