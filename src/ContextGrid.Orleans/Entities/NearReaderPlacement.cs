using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Entities;

/// <summary>Places a grain where it is told to move, else where it is called first, else on any silo.</summary>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.NearReaderPlacement")]
public sealed class NearReaderPlacement : PlacementStrategy;
