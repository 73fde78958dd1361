namespace ContextGrid.TestKit.Oracle;

/// <summary>The statuses that the oracle can give, named as on the wire.</summary>
public enum OracleStatus
{
    /// <summary>There is a value from events in the window.</summary>
    Present = 1,

    /// <summary>Events are in the window, and the value is null.</summary>
    Null = 2,

    /// <summary>No matching event ever.</summary>
    NeverSeen = 3,

    /// <summary>Matching events, but none in the window; or the entity's ttl has passed.</summary>
    Expired = 4,
}

/// <summary>What the right answer is, and how near an answer must come to it.</summary>
/// <param name="Value">Null, bool, long, double, string, <see cref="OracleTime"/>, a list, or a list of
/// <see cref="OracleCategory"/> with <c>by</c>.</param>
/// <param name="Status">The status.</param>
/// <param name="EventTimeMs">Time of the newest matching event ever; <see cref="NoEventMs"/>: none.</param>
/// <param name="Tolerance">How near is near enough.</param>
public sealed record OracleAnswer(object? Value, OracleStatus Status, long EventTimeMs, OracleTolerance Tolerance)
{
    /// <summary>No time: earlier than all times.</summary>
    public const long NoEventMs = long.MinValue;

    /// <summary>Whether a documented cap is exceeded, so that the answer says that it is approximate.</summary>
    public bool IsApproximate { get; init; }

    /// <summary>A readable form for messages.</summary>
    public override string ToString() => $"{OracleText.Of(Value)} {Status} @{EventTimeMs} ({Tolerance})";
}

/// <summary>One category of an answer with <c>by</c>.</summary>
/// <param name="Key">The category.</param>
/// <param name="Value">Its value.</param>
/// <param name="Tolerance">How near an answer must come to the value.</param>
public sealed record OracleCategory(object Key, object? Value, OracleTolerance Tolerance);

/// <summary>
/// How far a double may be from the true number. Everything else is compared exactly, except where
/// <paramref name="Relative"/> also holds for integers: a sketch's count.
/// </summary>
/// <param name="Relative">The distance allowed, as a part of the true number.</param>
/// <param name="Absolute">The distance allowed in addition.</param>
public readonly record struct OracleTolerance(double Relative, double Absolute)
{
    /// <summary>To the bit.</summary>
    public static OracleTolerance None => default;

    /// <summary>So much of the true number.</summary>
    public static OracleTolerance Of(double relative, double absolute = 0) => new(relative, absolute);
}
