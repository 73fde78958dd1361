using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>What is known of a replay. Positions and counts are those that are durable.</summary>
/// <param name="Id">The replay's id.</param>
/// <param name="Request">What it rebuilds.</param>
/// <param name="Phase">How far it is.</param>
/// <param name="Partitions">The source partitions, which are read one after the other.</param>
/// <param name="Events">How many events were brought to entities, those that can't be applied too.</param>
/// <param name="Skipped">How many events of the partitions can't be applied: they are dead letters.</param>
/// <param name="Fault">Why it has failed, or what it is retrying; null: nothing is wrong.</param>
/// <param name="Silo">Where it runs, or would.</param>
/// <param name="StartedMs">When it began, milliseconds since the Unix epoch.</param>
/// <param name="EndedMs">When it ended, milliseconds since the Unix epoch; 0: it has not.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ReplayStatus")]
public sealed record ReplayStatus(
    [property: Id(0)] string Id,
    [property: Id(1)] ReplayRequest Request,
    [property: Id(2)] ReplayPhase Phase,
    [property: Id(3)] ReplayPartition[] Partitions,
    [property: Id(4)] long Events,
    [property: Id(5)] long Skipped,
    [property: Id(6)] string? Fault,
    [property: Id(7)] string Silo,
    [property: Id(8)] long StartedMs,
    [property: Id(9)] long EndedMs);
