using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>One call of a producer.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Items">The events.</param>
internal sealed record CrashBatch(string Topic, IReadOnlyList<CrashItem> Items)
{
    internal IEnumerable<PublishEvent> Events => Items.Select(i => GridFolder.Event(i.Json));
}

/// <summary>One event of a producer.</summary>
/// <param name="Id">The producer's id; empty: none.</param>
/// <param name="User">Whose event it is.</param>
/// <param name="Json">The payload.</param>
/// <param name="IsPoison">Whether it is refused, and goes to the dead letters.</param>
internal sealed record CrashItem(string Id, string User, string Json, bool IsPoison);

/// <summary>A call that was answered.</summary>
/// <param name="Batch">What was published.</param>
/// <param name="Result">The answer.</param>
internal sealed record CrashAcknowledgement(CrashBatch Batch, PublishResult Result);

/// <summary>A context that a server has told.</summary>
/// <param name="Entity">The entity with its values and positions.</param>
/// <param name="Sources">How far the sources were, as the same answer says.</param>
/// <param name="After">The positions that were asked for.</param>
internal sealed record CrashAnswer(
    EntityResult Entity, IReadOnlyList<SourceStatus> Sources, IReadOnlyList<SourcePosition> After);
