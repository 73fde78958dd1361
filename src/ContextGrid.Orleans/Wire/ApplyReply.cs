using Orleans;

namespace ContextGrid.Orleans.Wire;

/// <summary>What became of a block of events.</summary>
/// <param name="IsLost">The entity has less than was brought to it before: nothing was applied, and whoever brings the
/// events must begin again at what is durable.</param>
/// <param name="Late">Events later than the allowed lateness.</param>
/// <param name="Repeated">Events that were applied before.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ApplyReply")]
public readonly record struct ApplyReply(
    [property: Id(0)] bool IsLost, [property: Id(1)] int Late, [property: Id(2)] int Repeated)
{
    /// <summary>The entity has lost events.</summary>
    public static ApplyReply Lost => new(true, 0, 0);
}
