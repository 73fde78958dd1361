namespace ContextGrid.TestKit.Oracle;

/// <summary>
/// One event as the oracle sees it. Field values are null, bool, long, double, string or <see cref="OracleTime"/>.
/// </summary>
/// <param name="EventName">The event's name in the definitions.</param>
/// <param name="TimeMs">Event time, milliseconds since the Unix epoch.</param>
/// <param name="Topic">The source topic.</param>
/// <param name="Partition">The source partition.</param>
/// <param name="Offset">The offset in the partition.</param>
/// <param name="Fields">The payload by field name; an absent field is null.</param>
public sealed record OracleEvent(
    string EventName,
    long TimeMs,
    string Topic,
    int Partition,
    long Offset,
    IReadOnlyDictionary<string, object?> Fields)
{
    /// <summary>The order of everything that depends on order: event time, topic, partition, offset.</summary>
    public static int Compare(OracleEvent left, OracleEvent right)
    {
        int result = left.TimeMs.CompareTo(right.TimeMs);
        result = result != 0 ? result : string.CompareOrdinal(left.Topic, right.Topic);
        result = result != 0 ? result : left.Partition.CompareTo(right.Partition);
        return result != 0 ? result : left.Offset.CompareTo(right.Offset);
    }
}

/// <summary>A point in time as a value, to tell it from an integer.</summary>
/// <param name="Ms">Milliseconds since the Unix epoch.</param>
public readonly record struct OracleTime(long Ms) : IComparable<OracleTime>
{
    /// <inheritdoc/>
    public int CompareTo(OracleTime other) => Ms.CompareTo(other.Ms);
}
