using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Verification;

/// <summary>What the check of the checkpoints has found.</summary>
/// <param name="Manifests">Every manifest, newest first.</param>
internal sealed record CheckpointsState(ImmutableArray<ManifestState> Manifests)
{
    /// <summary>The one that a start takes: the newest that can be read and whose segments have the right footers.
    /// </summary>
    public ManifestState? Taken => Manifests.FirstOrDefault(m => m is { Manifest: not null, IsWhole: true });

    /// <summary>The newest one of which every byte is right.</summary>
    public ManifestState? Sound => Manifests.FirstOrDefault(m => m is { Manifest: not null, IsSound: true });
}

/// <summary>One manifest.</summary>
/// <param name="Name">Its blob's name.</param>
/// <param name="Manifest">What it says; null: it can't be read.</param>
/// <param name="Fault">Why it can't be read, or which segment is wrong; null: nothing.</param>
/// <param name="IsWhole">Whether a start takes it.</param>
/// <param name="IsSound">Whether all that it names is right to the last byte.</param>
internal sealed record ManifestState(
    string Name, CheckpointManifest? Manifest, CheckpointCorruptException? Fault, bool IsWhole, bool IsSound);
