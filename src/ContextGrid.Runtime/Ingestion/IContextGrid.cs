using System.Collections.Immutable;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Port: where entities live. Embedded: one process (<c>ShardEngine</c>); production: a cluster of Orleans silos.
/// </summary>
/// <remarks>
/// Contract. Batches of one partition come one after the other, in order of offsets; batches of different partitions
/// may come at the same time. Applying a batch again, or a part of it, changes nothing (I2). A query sees all of an
/// event's changes to one entity or none. All members are thread-safe.
/// </remarks>
public interface IContextGrid : IEventTarget
{
    /// <summary>The plans of all entity types, in the order of the definitions.</summary>
    ImmutableArray<EntityPlan> Plans { get; }

    /// <summary>Waits until the entities of a query have applied its minimum positions.</summary>
    /// <param name="query">The query; its positions name partitions that are consumed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">They do not come in <see cref="ContextReader.PositionWaitMax"/>.</exception>
    ValueTask WaitForPositionsAsync(ContextQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// Reads entities at heads that are not before their newest events; entities that are asked about an earlier head
    /// are left unanswered and named in <see cref="ContextAnswer.Past"/>. Notes in <see cref="ContextAnswer.Sources"/>
    /// how far the entities' sources are applied: before the values are read, so that these hold at least that.
    /// </summary>
    /// <param name="query">What to read; its clock is set.</param>
    /// <param name="answer">Takes the answer; cleared first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Checkpoints.SnapshotStoreException">A stored entity can't be read at present.</exception>
    /// <exception cref="Checkpoints.CheckpointCorruptException">A stored entity is not what was written.</exception>
    ValueTask ReadAsync(ContextQuery query, ContextAnswer answer, CancellationToken cancellationToken);

    /// <summary>
    /// Finds the entities of a query that have an event after given positions: what a watcher has not seen yet.
    /// </summary>
    /// <param name="query">The entities.</param>
    /// <param name="since">The positions that the watcher has seen.</param>
    /// <param name="changed">Takes the entities' places in the query.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask FindChangedAsync(
        ContextQuery query, SourceVector since, List<int> changed, CancellationToken cancellationToken);

    /// <summary>
    /// Begins to mark entities of a query whenever an event reaches them: whoever reads them after the call and again
    /// after each mark has all events in the end. A mark never comes before its event is applied, and may come again
    /// without one. In one process it comes before <see cref="IEventTarget.ApplyAsync"/> returns; on a cluster within
    /// milliseconds, and up to a round of <see cref="MarkedUpTo"/> later where a silo or a message was lost.
    /// </summary>
    /// <param name="query">The entities; unchanged until the following ends.</param>
    /// <param name="first">The place of the query's first entity among those of the follower.</param>
    /// <param name="changed">Takes the changes. Marking never waits.</param>
    /// <param name="cancellationToken">Ends the wait: also then <see cref="Unfollow"/> ends the following.</param>
    ValueTask FollowAsync(
        ContextQuery query, int first, ChangedEntities changed, CancellationToken cancellationToken);

    /// <summary>Ends what <see cref="FollowAsync"/> began with the same arguments.</summary>
    void Unfollow(ContextQuery query, int first, ChangedEntities changed);

    /// <summary>
    /// The positions up to which every event of every followed entity is marked, or was applied before its following
    /// began. In one process these are the present ones; on a cluster they are behind by the time in which all followed
    /// entities are asked, and by what can't be reached.
    /// </summary>
    /// <param name="progress">The present positions of all sources.</param>
    SourceVector MarkedUpTo(ImmutableArray<PartitionProgress> progress);
}
