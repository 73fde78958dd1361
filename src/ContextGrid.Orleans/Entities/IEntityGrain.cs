using ContextGrid.Orleans.Following;
using ContextGrid.Orleans.Wire;
using Orleans;
using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace ContextGrid.Orleans.Entities;

/// <summary>
/// One entity; the key is <c>type/id</c>. Calls interleave at waits only, and nothing waits while state changes.
/// </summary>
[Alias("ContextGrid.IEntityGrain")]
[Version(2)]
public interface IEntityGrain : IGrainWithStringKey
{
    /// <summary>Applies events; a block that comes again, or a part of it, changes nothing (I2).</summary>
    [Alias("Apply")]
    [AlwaysInterleave]
    ValueTask<ApplyReply> ApplyAsync(EventBlock events);

    /// <summary>Reads features.</summary>
    [Alias("QueryFeatures")]
    [AlwaysInterleave]
    [ReadOnly]
    ValueTask<AnswerBlock> QueryAsync(EntityQuery query);

    /// <summary>Makes a silo known to the entity, which tells it of each change from now on.</summary>
    /// <param name="silo">Is told.</param>
    /// <returns>Whether it was known, and has heard of all changes until now.</returns>
    [Alias("Follow")]
    [AlwaysInterleave]
    ValueTask<bool> FollowAsync(IEntityObserver silo);

    /// <summary>Makes everything durable up to an offset.</summary>
    /// <param name="source">The source, as the definitions count it.</param>
    /// <param name="offset">The last event that was brought to the entity.</param>
    /// <returns>False: the entity does not have that event.</returns>
    [Alias("Flush")]
    [AlwaysInterleave]
    ValueTask<bool> FlushAsync(int source, long offset);
}
