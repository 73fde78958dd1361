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

    /// <summary>Concurrent calls on one connection. Default 1,000. The client waits when it has that many.</summary>
    public int StreamsPerConnectionMax { get; set; } = 1000;

    /// <summary>Concurrent connections of the whole process, HTTP's included. Default 10,000; null: no limit. A further
    /// connection is closed at once.</summary>
    public long? ConnectionsMax { get; set; } = 10_000;

    /// <summary>Bytes a client may send on one call before the handler has read them. Default 1 MiB.</summary>
    public int StreamWindowBytes { get; set; } = 1024 * 1024;

    /// <summary>Bytes a client may send on one connection before handlers have read them. Default 4 MiB.</summary>
    public int ConnectionWindowBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Silence after which a connection is pinged. Default 60 s.</summary>
    public TimeSpan PingDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the answer to a ping may take before the connection counts as dead. Default 20 s.</summary>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(20);
}
