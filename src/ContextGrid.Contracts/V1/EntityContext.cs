namespace ContextGrid.Contracts.V1;

/// <summary>The context of one entity.</summary>
public sealed partial class EntityContext
{
    /// <summary>Stands in <see cref="EventTimesMs"/> where a feature has no event: the first millisecond after the year
    /// 9999.</summary>
    public const long NoEventMs = 253_402_300_800_000;
}
