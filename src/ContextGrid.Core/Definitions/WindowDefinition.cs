namespace ContextGrid.Core.Definitions;

/// <summary>Over which events a feature aggregates.</summary>
/// <param name="Kind">The kind of window.</param>
/// <param name="SizeMs">Size of the window, or the gap of a session; milliseconds; 0 for lifetime.</param>
/// <param name="TileMs">
/// The tile in milliseconds: for sliding the documented or the chosen resolution, for tumbling the size, for hopping
/// the hop, for a session the gap; 0 for lifetime.
/// </param>
/// <param name="Exact">Sliding with an exact tail.</param>
public sealed record WindowDefinition(WindowKind Kind, long SizeMs, long TileMs, bool Exact)
{
    /// <summary>All events of the entity.</summary>
    public static WindowDefinition Lifetime { get; } = new(WindowKind.Lifetime, 0, 0, false);
}

/// <summary>The kinds of window.</summary>
public enum WindowKind
{
    /// <summary>Every event ever.</summary>
    Lifetime,

    /// <summary>The events of the last so-long.</summary>
    Sliding,

    /// <summary>The aligned window that contains <c>as_of</c>, from its start to <c>as_of</c>.</summary>
    Tumbling,

    /// <summary>Of the aligned overlapping windows that contain <c>as_of</c>, the one that closes next.</summary>
    Hopping,

    /// <summary>The newest run of events without a gap longer than the given one, while it is open.</summary>
    Session,
}
