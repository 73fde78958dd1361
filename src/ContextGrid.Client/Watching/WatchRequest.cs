using ContextGrid.Contracts.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ContextGrid.Client;

/// <summary>What to watch.</summary>
public sealed record WatchRequest
{
    /// <summary>The entities: 1 to 10,000.</summary>
    public required IReadOnlyList<EntityId> Entities { get; init; }

    /// <summary>Names of features; empty (the default): all.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>The shortest time between two changes of an entity, from 10 ms; null: the server's 100 ms.</summary>
    public TimeSpan? MinInterval { get; init; }

    /// <summary>From an earlier <see cref="ContextChange"/>: what is unchanged since then is not sent again.</summary>
    public ReadOnlyMemory<byte> ResumeToken { get; init; }

    internal WatchContextRequest ToMessage(ByteString resumeToken)
    {
        var message = new WatchContextRequest { ResumeToken = resumeToken };
        foreach (var entity in Entities)
            message.Entities.Add(new EntityRef { Type = entity.Type, Key = entity.Key });
        message.Features.AddRange(Features);
        if (MinInterval is { } interval)
            message.MinInterval = Duration.FromTimeSpan(interval);
        return message;
    }
}
