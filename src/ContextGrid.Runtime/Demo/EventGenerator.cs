namespace ContextGrid.Runtime.Demo;

/// <summary>
/// Writes files of simulated payments, one JSON object a line: input for a tour, a test or a benchmark.
/// </summary>
public static class EventGenerator
{
    private const int ChunkBytes = 64 * 1024;

    /// <summary>Writes good payments that are in time, one a millisecond.</summary>
    /// <param name="stream">Takes the lines; it is neither flushed nor closed.</param>
    /// <param name="events">How many.</param>
    /// <param name="users">Of how many users, at least 1.</param>
    /// <param name="seed">Equal arguments give equal bytes.</param>
    /// <param name="startMs">The first payment's time, milliseconds since the Unix epoch.</param>
    public static void WriteNdjson(Stream stream, long events, int users, long seed, long startMs) =>
        WriteNdjson(stream, events, new TrafficShape(users, seed, startMs));

    /// <summary>Writes payments of any shape.</summary>
    /// <param name="stream">Takes the lines; it is neither flushed nor closed.</param>
    /// <param name="events">How many.</param>
    /// <param name="shape">What they are like.</param>
    public static void WriteNdjson(Stream stream, long events, TrafficShape shape)
    {
        var payments = new PaymentGenerator(shape);
        byte[] chunk = new byte[ChunkBytes];
        int used = 0;
        for (long i = 0; i < events; i++)
        {
            if (used + TrafficShape.EventBytesMax >= chunk.Length)
            {
                stream.Write(chunk, 0, used);
                used = 0;
            }

            used += payments.Write(i, chunk.AsSpan(used));
            chunk[used++] = (byte)'\n';
        }

        stream.Write(chunk, 0, used);
    }
}
