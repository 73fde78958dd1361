namespace ContextGrid.Runtime.Hosting;

/// <summary>What is known of a replay. Positions and counts are those that are durable.</summary>
/// <param name="Id">The replay's id.</param>
/// <param name="Request">What it rebuilds.</param>
/// <param name="Phase">How far it is.</param>
/// <param name="Partitions">The source partitions, which are read one after the other.</param>
/// <param name="Events">How many events were brought to entities, those that can't be applied too.</param>
/// <param name="Skipped">How many events of the partitions can't be applied: they are dead letters.</param>
/// <param name="Fault">Why it has failed, or what it is retrying; null: nothing is wrong.</param>
/// <param name="Silo">Where it runs, or would.</param>
/// <param name="StartedMs">When it began, milliseconds since the Unix epoch; null: it has not.</param>
/// <param name="EndedMs">When it ended, milliseconds since the Unix epoch; null: it has not.</param>
public sealed record ReplayStatus(
    string Id,
    ReplayRequest Request,
    ReplayPhase Phase,
    IReadOnlyList<ReplayPartition> Partitions,
    long Events,
    long Skipped,
    string? Fault,
    string Silo,
    long? StartedMs,
    long? EndedMs);
