using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Outputs;

/// <summary>What the outputs of a host read from and write to. Thread-safe.</summary>
/// <param name="Reader">Answers for the entities' values.</param>
/// <param name="Progress">How far the sources are applied.</param>
/// <param name="Log">Has the outputs' topics.</param>
/// <param name="Checkpoints">Has the keys of all entities.</param>
/// <param name="Time">The clock.</param>
internal sealed record OutputSources(
    ContextReader Reader,
    ImmutableArray<PartitionProgress> Progress,
    IEventLog Log,
    CheckpointStore Checkpoints,
    TimeProvider Time)
{
    /// <summary>Makes a checkpoint now.</summary>
    internal Func<CancellationToken, Task> CheckpointAsync { get; set; } = _ => Task.CompletedTask;

    /// <summary>The keys of all entities of a type that the newest checkpoint has.</summary>
    /// <exception cref="CheckpointCorruptException">Names the blob and the offset.</exception>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    internal async IAsyncEnumerable<byte[]> KeysAsync(
        EntityPlan plan, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CheckpointPin pin = Checkpoints.Pin();
        using SegmentMerge merge = await Checkpoints.MergeAsync(pin, cancellationToken);
        while (await merge.MoveNextAsync(cancellationToken))
        {
            if (merge.Current is { Snapshot.IsEmpty: false } record && record.Type == plan.Definition.Name)
            {
                yield return record.Key.ToArray();
            }
        }
    }
}
