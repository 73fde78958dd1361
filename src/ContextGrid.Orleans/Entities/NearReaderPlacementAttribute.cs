using Orleans.Placement;

namespace ContextGrid.Orleans.Entities;

/// <summary>Chooses <see cref="NearReaderPlacement"/> for a grain.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NearReaderPlacementAttribute() : PlacementAttribute(new NearReaderPlacement());
