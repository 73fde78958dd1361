namespace ContextGrid.Runtime.Checkpoints;

/// <summary>How the checkpoints of a store are opened.</summary>
internal sealed record CheckpointOpening
{
    /// <summary>True: the newest checkpoint is passed over, and the opener begins with an empty one of the next
    /// generation and epoch. Older owners are fenced all the same, which they would not be by a store that was
    /// emptied.</summary>
    public bool Forget { get; init; }

    /// <summary>Looks at the checkpoint that would be taken over, before the owner so far loses it; throws what
    /// the opening is to end with.</summary>
    public Func<CheckpointManifest, ValueTask> Accept { get; init; } = _ => default;
}
