namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Port: keeps records that could not be applied. Embedded: a topic of the log; production: a Kafka topic with
/// Connect-compatible headers.
/// </summary>
public interface IDeadLetterSink
{
    /// <summary>
    /// Writes a dead letter and returns when it is durable; only then may the position pass the record (I6).
    /// Thread-safe.
    /// </summary>
    /// <returns>Its position among the dead letters.</returns>
    /// <exception cref="EventLogException">It is not known to be durable: the caller shows why, and tries again.
    /// </exception>
    ValueTask<RecordPosition> WriteAsync(DeadLetter letter, CancellationToken cancellationToken);
}

/// <summary>A record that could not be applied.</summary>
/// <param name="Source">The topic and partition it came from; partition −1: refused at publish, it never had
/// one.</param>
/// <param name="Offset">Its offset there; −1: none.</param>
/// <param name="Reason">A stable code, such as <c>wrong_type</c>.</param>
/// <param name="Message">What was wrong, where, and what was meant.</param>
/// <param name="TimeMs">When it was found, milliseconds since the Unix epoch; 0: the sink notes its own time.</param>
/// <param name="Key">The record's key.</param>
/// <param name="Value">The record's payload, unchanged.</param>
public sealed record DeadLetter(
    TopicPartition Source,
    long Offset,
    string Reason,
    string Message,
    long TimeMs,
    ReadOnlyMemory<byte> Key,
    ReadOnlyMemory<byte> Value)
{
    /// <summary>
    /// The record's own time, which its event time is judged against; milliseconds since the Unix epoch. Where nothing
    /// else is known, when it was found.
    /// </summary>
    public long RecordTimeMs { get; init; } = TimeMs;

    /// <summary>The record's own headers, encoded by <see cref="LogHeaders"/>; usually empty.</summary>
    public ReadOnlyMemory<byte> Headers { get; init; }
}
