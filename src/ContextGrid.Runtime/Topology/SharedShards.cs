namespace ContextGrid.Runtime.Topology;

/// <summary>What a host needs to share its store's shards with other processes.</summary>
internal sealed record SharedShards
{
    /// <summary>Carries messages to the others.</summary>
    public required IShardTransport Transport { get; init; }

    /// <summary>The processes that take part.</summary>
    public required IMembershipView Members { get; init; }

    /// <summary>Is given what takes the messages of others, before any is sent to this process.</summary>
    public required Action<IShardReceiver> Receive { get; init; }

    /// <summary>How long a host that stops gives its shards to others at most; default 10 seconds.</summary>
    public TimeSpan LeaveMax { get; init; } = TimeSpan.FromSeconds(10);
}
