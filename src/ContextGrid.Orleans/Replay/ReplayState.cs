using ContextGrid.Runtime.Hosting;
using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>What is durable of a replay. Fields are added, never changed.</summary>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ReplayState")]
public sealed record ReplayState
{
    /// <summary>What it rebuilds; null: it has not begun.</summary>
    [Id(0)]
    public ReplayRequest? Request { get; init; }

    /// <summary>How far it is.</summary>
    [Id(1)]
    public ReplayPhase Phase { get; init; }

    /// <summary>The source partitions of the type, which are read one after the other.</summary>
    [Id(2)]
    public ReplayPartition[] Partitions { get; init; } = [];

    /// <summary>How many events were brought to entities, those that can't be applied too.</summary>
    [Id(3)]
    public long Events { get; init; }

    /// <summary>How many events of the partitions can't be applied.</summary>
    [Id(4)]
    public long Skipped { get; init; }

    /// <summary>The hash of the type's definition when it began: states of two definitions are never mixed.</summary>
    [Id(5)]
    public ulong DefinitionHash { get; init; }

    /// <summary>Why it has failed; null: it has not.</summary>
    [Id(6)]
    public string? Reason { get; init; }

    /// <summary>When it began, milliseconds since the Unix epoch.</summary>
    [Id(7)]
    public long StartedMs { get; init; }

    /// <summary>When it ended, milliseconds since the Unix epoch; 0: it has not.</summary>
    [Id(8)]
    public long EndedMs { get; init; }
}
