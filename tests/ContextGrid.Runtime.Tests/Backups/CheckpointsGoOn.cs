using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Runtime.Tests.Backups;

/// <summary>
/// Holds a backup up after its first piece until so many newer checkpoints have been published that, but for the
/// backup, segments that it is to copy would have been collected.
/// </summary>
internal sealed class CheckpointsGoOn(EmbeddedHost host, TimeSpan limit)
{
    private const int Checkpoints = 6;

    private bool _waited;

    /// <summary>Whether they came within the limit.</summary>
    public bool Seen { get; private set; }

    /// <summary>Takes the progress of the backup.</summary>
    public void Wait(BackupProgress progress)
    {
        if (!_waited)
        {
            _waited = true;
            long enough = host.Checkpoint.Generation + Checkpoints;
            Seen = SpinWait.SpinUntil(() => host.Checkpoint.Generation >= enough, limit);
        }
    }

    /// <summary>What was seen, for people.</summary>
    public override string ToString() =>
        $"The newest checkpoint is {host.Checkpoint.Generation}; fault: {host.CheckpointFault ?? "none"}.";
}
