using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Shards;

/// <summary>Collects the events of a part of a partition that shards of other processes take. One thread at a
/// time.</summary>
internal abstract class OutgoingEvents
{
    /// <summary>Says that the present event is about an entity of a shard that does not take it here.</summary>
    internal abstract void Want(int shard);

    /// <summary>Ends the present event.</summary>
    /// <param name="record">The event; read during the call.</param>
    /// <param name="isSkipped">Whether it can't be applied.</param>
    internal abstract void Add(EventRecord record, bool isSkipped);
}
