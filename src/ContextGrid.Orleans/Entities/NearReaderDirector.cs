using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace ContextGrid.Orleans.Entities;

/// <summary>Places grains of <see cref="NearReaderPlacement"/>. Thread-safe.</summary>
internal sealed class NearReaderDirector : IPlacementDirector
{
    /// <inheritdoc/>
    public Task<SiloAddress> OnAddActivation(
        PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        SiloAddress? told = IPlacementDirector.GetPlacementHint(target.RequestContextData, silos);
        bool isLocal = context.LocalSiloStatus == SiloStatus.Active && silos.Contains(context.LocalSilo);
        return Task.FromResult(told ?? (isLocal
            ? context.LocalSilo
            : silos[target.GrainIdentity.GetUniformHashCode() % silos.Length]));
    }
}
