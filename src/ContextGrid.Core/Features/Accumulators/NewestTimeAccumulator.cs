using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>The time of the newest row; each category of a since_last has one.</summary>
internal sealed class NewestTimeAccumulator : Accumulator
{
    /// <summary>Milliseconds since the Unix epoch; <see cref="long.MinValue"/> without rows.</summary>
    internal long TimeMs { get; private set; } = long.MinValue;

    /// <inheritdoc/>
    public override void Add(in EventRow row) => TimeMs = Math.Max(TimeMs, row.TimeMs);

    /// <inheritdoc/>
    public override void Merge(Accumulator other) =>
        TimeMs = Math.Max(TimeMs, ((NewestTimeAccumulator)other).TimeMs);

    /// <inheritdoc/>
    public override void Clear() => TimeMs = long.MinValue;

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer) => writer.Zigzag(TimeMs);

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader) => TimeMs = reader.Zigzag();
}
