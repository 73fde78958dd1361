using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Runtime.Tests.Backups;

/// <summary>
/// Holds a backup up after its first piece until newer checkpoints have taken a segment that it is to copy.
/// </summary>
internal sealed class SegmentIsGone(EmbeddedHost host, string data, TimeSpan limit)
{
    private bool _waited;
    private long _first;
    private int _paths;

    /// <summary>Whether one was collected within the limit.</summary>
    public bool Seen { get; private set; }

    /// <summary>What was seen, for people.</summary>
    public override string ToString() =>
        $"None of {_paths} segments of checkpoint {_first} was collected up to checkpoint "
        + $"{host.Checkpoint.Generation}; fault: {host.CheckpointFault ?? "none"}.";

    /// <summary>Takes the progress of the backup.</summary>
    public void Wait(BackupProgress progress)
    {
        if (_waited)
        {
            return;
        }

        // Its checkpoint is this one or the one before, and every one of them gives its newest segment up at last.
        _waited = true;
        string[] paths =
            [.. host.Checkpoint.Segments.Select(s => Path.Combine(data, "checkpoints", s.Name))];
        _first = host.Checkpoint.Generation;
        _paths = paths.Length;
        Seen = SpinWait.SpinUntil(() => !paths.All(File.Exists), limit);
    }
}
