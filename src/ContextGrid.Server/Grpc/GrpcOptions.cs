using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Grpc;

/// <summary>Limits and behaviour of the gRPC port.</summary>
public sealed class GrpcOptions
{
    /// <summary>Largest message taken, in bytes after decompression. A larger one ends the call with
    /// RESOURCE_EXHAUSTED. Default 4 MiB, as in the official servers.</summary>
    public int ReceiveBytesMax { get; set; } = 4 * 1024 * 1024;

    /// <summary>Largest message sent, in bytes before compression. A larger one ends the call with RESOURCE_EXHAUSTED.
    /// Default 64 MiB.</summary>
    public int SendBytesMax { get; set; } = 64 * 1024 * 1024;

    /// <summary>Whether responses are compressed for every client that accepts gzip. Default false: only the responses
    /// to compressed requests are, since on a fast network compression costs more than it saves.</summary>
    public bool CompressResponses { get; set; }

    /// <summary>Messages shorter than this many bytes are not compressed unless a handler asks for it. Default
    /// 1,024: below that gzip rarely saves a packet.</summary>
    public int CompressBytesMin { get; set; } = 1024;

    /// <summary>Bytes of large requests of all calls: what is above 16 KiB of a message that is not complete, or not
    /// yet handled. One that does not fit ends its call with RESOURCE_EXHAUSTED. Null, the default: not counted.
    /// </summary>
    public Limit? RequestBytes { get; set; }

    /// <summary>In which turns requests of one message above 16 KiB are handled. Default: one a core.</summary>
    internal Turns Turns { get; init; } = new(Environment.ProcessorCount);

    /// <summary>Bytes of responses above 4 KiB that clients have not taken, of all calls. One that does not fit ends
    /// its call with RESOURCE_EXHAUSTED. Null, the default: not counted.</summary>
    public Limit? ResponseBytes { get; set; }

    /// <summary>Counts the calls that <see cref="StallMax"/> has cut; null: nobody counts.</summary>
    public Limit? Stalled { get; set; }

    /// <summary>How long a client may take for a large request message, or leave a response untaken, before its stream
    /// is reset with ENHANCE_YOUR_CALM, which gRPC clients see as RESOURCE_EXHAUSTED. After twice this time the
    /// connection ends. Default 60 s.</summary>
    public TimeSpan StallMax { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Concurrent calls on one connection. Default 250: a client that reads none of its answers then holds at
    /// most 1 MiB beside <see cref="ResponseBytes"/>. The client waits when it has that many.</summary>
    public int StreamsPerConnectionMax { get; set; } = 250;

    /// <summary>Concurrent connections of each port of the process. Default 10,000; null: no limit here, since a gate
    /// in front keeps one. A further connection is closed at once, without a word.</summary>
    public long? ConnectionsMax { get; set; } = 10_000;

    /// <summary>Bytes a client may send on one call before the handler has read them. Default 1 MiB.</summary>
    public int StreamWindowBytes { get; set; } = 1024 * 1024;

    /// <summary>Bytes a client may send on one connection before handlers have read them. Default 4 MiB.</summary>
    public int ConnectionWindowBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>How long a connection without a call stays open. Default 5 minutes: clients connect again by
    /// themselves.</summary>
    public TimeSpan IdleMax { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Silence after which a connection is pinged. Default 60 s.</summary>
    public TimeSpan PingDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the answer to a ping may take before the connection counts as dead. Default 20 s.</summary>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(20);
}
