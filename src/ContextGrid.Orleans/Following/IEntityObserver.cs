using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Following;

/// <summary>A silo that wants to hear of changes of entities: one object for all that it follows.</summary>
[Alias("ContextGrid.IEntityObserver")]
public interface IEntityObserver : IGrainObserver
{
    /// <summary>An entity has changed.</summary>
    /// <returns>False: nobody on the silo follows it any more.</returns>
    [Alias("Changed")]
    ValueTask<bool> ChangedAsync(GrainId entity);
}
