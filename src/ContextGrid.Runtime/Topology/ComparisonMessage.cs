using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Topology;

/// <summary>Asks which entities have events after given positions, and the answer.</summary>
internal static class ComparisonMessage
{
    /// <summary>The bytes: the positions, then a query as <see cref="ReadMessage"/> writes it.</summary>
    internal static byte[] Of(SourceVector since, ReadOnlySpan<byte> query)
    {
        var writer = new SnapshotWriter();
        writer.Bytes(since.ToBytes());
        writer.Raw(query);
        return writer.Written.ToArray();
    }

    /// <summary>Reads what <see cref="Of"/> wrote.</summary>
    /// <exception cref="SnapshotFormatException">It is something else.</exception>
    internal static (ReadOnlyMemory<byte> Query, SourceVector Since) Read(ReadOnlyMemory<byte> message)
    {
        var reader = new SnapshotReader(message.Span);
        SourceVector since = SourceVector.FromBytes(reader.Bytes());
        return (message[(message.Length - reader.Remaining)..], since);
    }

    /// <summary>The bytes of an answer.</summary>
    /// <param name="upTo">Positions up to which all events were seen.</param>
    /// <param name="changed">The places of the entities that have events after the given positions.</param>
    /// <param name="closed">The places of entities that the process does not have.</param>
    internal static byte[] Answer(SourceVector upTo, List<int> changed, List<int> closed)
    {
        var writer = new SnapshotWriter();
        writer.Bytes(upTo.ToBytes());
        Write(writer, changed);
        Write(writer, closed);
        return writer.Written.ToArray();
    }

    /// <summary>Reads what <see cref="Answer"/> wrote.</summary>
    /// <exception cref="SnapshotFormatException">It is something else.</exception>
    internal static (SourceVector UpTo, List<int> Changed, List<int> Closed) ReadAnswer(ReadOnlySpan<byte> bytes)
    {
        var reader = new SnapshotReader(bytes);
        SourceVector upTo = SourceVector.FromBytes(reader.Bytes());
        return (upTo, Places(ref reader), Places(ref reader));
    }

    private static void Write(SnapshotWriter writer, List<int> places)
    {
        writer.Varint((ulong)places.Count);
        foreach (int place in places)
        {
            writer.Varint((ulong)place);
        }
    }

    private static List<int> Places(ref SnapshotReader reader)
    {
        var places = new List<int>();
        for (int left = reader.Count(reader.Remaining); left > 0; left--)
        {
            places.Add(reader.Count(int.MaxValue));
        }

        return places;
    }
}
