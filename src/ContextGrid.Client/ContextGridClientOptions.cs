namespace ContextGrid.Client;

/// <summary>How a <see cref="ContextGridClient"/> behaves. Immutable once the client is made.</summary>
public sealed record ContextGridClientOptions
{
    /// <summary>The time allowed for a unary call with its retries; default 30 s; must be positive.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time allowed for making a connection; default 5 s; must be positive.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How often a call is tried in all when that is safe: a read that was answered UNAVAILABLE, a publish that
    /// certainly never left this process, or one whose events carry ids. 1: never again. Default 4.
    /// </summary>
    public int AttemptsMax { get; init; } = 4;

    /// <summary>The wait before the second attempt; it doubles with each. Default 50 ms.</summary>
    public TimeSpan BackoffInitial { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait between two attempts. Default 2 s.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The seed of the waits' jitter. By default it differs between processes, which is its purpose.</summary>
    public int JitterSeed { get; init; } = Environment.ProcessId;

    /// <summary>The clock of time-outs and waits. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Whether requests are compressed with gzip; answers are decompressed anyway. Default no.</summary>
    public bool CompressRequests { get; init; }

    /// <summary>The largest accepted message of the server in bytes; default 64 MiB.</summary>
    public int ReceiveBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// Metadata sent with every call: lower-case names, ASCII values; values of names that end in "-bin" are base64.
    /// </summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}
