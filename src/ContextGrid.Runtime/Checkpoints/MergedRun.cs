using System.Collections.Immutable;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>The result of a merge: segments that say the same as a run of older ones.</summary>
/// <param name="Inputs">The merged run, newest last.</param>
/// <param name="Outputs">What replaces it.</param>
internal sealed record MergedRun(ImmutableArray<SegmentInfo> Inputs, ImmutableArray<SegmentInfo> Outputs)
{
    /// <summary>Merges a run of neighbouring segments; memory is bounded by one segment and a buffer for each
    /// input.</summary>
    /// <param name="store">Where the inputs are.</param>
    /// <param name="put">Writes an output.</param>
    /// <param name="inputs">The run, newest last.</param>
    /// <param name="options">The limits.</param>
    /// <param name="isBase">Nothing older lies below the run: deletions are dropped.</param>
    /// <param name="cancellationToken">Ends the merge; nothing refers to what it has written.</param>
    public static async Task<MergedRun> MergeAsync(
        ISnapshotStore store,
        Func<SealedSegment, CancellationToken, ValueTask<SegmentInfo>> put,
        ImmutableArray<SegmentInfo> inputs,
        CheckpointOptions options,
        bool isBase,
        CancellationToken cancellationToken)
    {
        ShardSet shards = inputs.Aggregate(ShardSet.Empty, (all, s) => all.Union(s.Shards));
        ImmutableArray<SegmentInfo>.Builder outputs = ImmutableArray.CreateBuilder<SegmentInfo>();
        using SegmentMerge merge = await SegmentMerge.OpenAsync(
            store, inputs, options.ShardCount, cancellationToken);
        using var writer = new SegmentWriter(options.SegmentBytesMax);
        while (await merge.MoveNextAsync(cancellationToken))
        {
            if (!TryAdd(writer, merge, isBase))
            {
                outputs.Add(await PutAsync(writer, put, isBase, shards, cancellationToken));
                TryAdd(writer, merge, isBase);
            }
        }

        if (writer.Count > 0)
        {
            outputs.Add(await PutAsync(writer, put, isBase, shards, cancellationToken));
        }

        return new MergedRun(inputs, outputs.ToImmutable());
    }

    /// <summary>
    /// The live segments with the run replaced. Null when the run is no longer among them; unchanged when the outputs
    /// already are, because an earlier attempt to publish them has succeeded after all.
    /// </summary>
    public ImmutableArray<SegmentInfo>? ApplyTo(ImmutableArray<SegmentInfo> segments)
    {
        int start = segments.IndexOf(Inputs[0]);
        bool whole = start >= 0 && start + Inputs.Length <= segments.Length
            && segments.AsSpan(start, Inputs.Length).SequenceEqual(Inputs.AsSpan());
        if (whole)
        {
            return segments.RemoveRange(start, Inputs.Length).InsertRange(start, Outputs);
        }

        return Outputs.Length > 0 && Outputs.All(o => segments.Contains(o)) ? segments : null;
    }

    private static bool TryAdd(SegmentWriter writer, SegmentMerge merge, bool isBase)
    {
        // The merge has just moved to a record, so that there is a current one.
        SegmentReader record = merge.Current!;
        ReadOnlySpan<byte> snapshot = record.Snapshot;
        return (isBase && snapshot.IsEmpty) || writer.TryAdd(record.Type, record.Key, snapshot);
    }

    private static async ValueTask<SegmentInfo> PutAsync(
        SegmentWriter writer,
        Func<SealedSegment, CancellationToken, ValueTask<SegmentInfo>> put,
        bool isBase,
        ShardSet shards,
        CancellationToken cancellationToken)
    {
        SealedSegment segment = writer.Seal();
        try
        {
            return await put(segment, cancellationToken) with { IsBase = isBase, Shards = shards };
        }
        finally
        {
            segment.Return();
        }
    }
}
