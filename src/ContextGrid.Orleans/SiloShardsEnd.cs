using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans;

/// <summary>
/// Ends the shards of a silo that stops: after the others have been told that it leaves, so that they give it none
/// back, and while it can still call them.
/// </summary>
internal sealed class SiloShardsEnd(SiloGrid grid) : ILifecycleParticipant<ISiloLifecycle>
{
    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(SiloShardsEnd),
        ServiceLifecycleStage.ApplicationServices,
        _ => Task.CompletedTask,
        async _ => await (grid.Host?.DisposeAsync() ?? default));
}
