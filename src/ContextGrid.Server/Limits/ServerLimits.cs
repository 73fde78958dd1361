namespace ContextGrid.Server.Limits;

/// <summary>
/// What clients may use of one server at a time. The bounds of a single request are constants where they are checked;
/// docs/LIMITS.md lists all.
/// </summary>
internal sealed record ServerLimits
{
    /// <summary>How long a connection may stay open without a first byte. A client speaks at once; who does not holds
    /// a place for nothing.</summary>
    internal static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(10);

    /// <summary>How long a client may leave what was sent to it unread before its stream is cut. A watch that is cut
    /// goes on with its token.</summary>
    internal static readonly TimeSpan StallMax = TimeSpan.FromSeconds(60);

    /// <summary>Connections of the gRPC port; a tenth of it, at least 100, are for the HTTP port, so that an operator
    /// gets in when the other port is full. 10,000: each costs about 40 KiB and a file handle.</summary>
    internal int ConnectionsMax { get; init; } = 10_000;

    /// <summary>gRPC calls with one answer, from their arrival until the answer has left. Each holds at most 64 KiB of
    /// answer besides what <see cref="ResponseBytesMax"/> counts.</summary>
    internal int CallsMax { get; init; } = 10_000;

    /// <summary>Calls with a stream, over both ports: watches, publish streams, health watches, reflection.</summary>
    internal int StreamsMax { get; init; } = 2_000;

    /// <summary>Watches.</summary>
    internal int WatchesMax { get; init; } = 1_000;

    /// <summary>Entities of all watches together; each costs about 300 bytes.</summary>
    internal int WatchedEntitiesMax { get; init; } = 200_000;

    /// <summary>Bytes of large requests (above 16 KiB) that are being received or wait for the disk.</summary>
    internal long RequestBytesMax { get; init; } = 256L << 20;

    /// <summary>Bytes of large answers (above 64 KiB) that clients have not taken yet.</summary>
    internal long ResponseBytesMax { get; init; } = 256L << 20;

    /// <summary>Connections of the HTTP port.</summary>
    internal int HttpConnectionsMax => Math.Max(100, ConnectionsMax / 10);
}
