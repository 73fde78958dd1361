using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>Puts segments under names that nobody else uses and resolves unknown outcomes by reading back
/// (I4).</summary>
/// <param name="store">Where to.</param>
/// <param name="lineage">Whose segments they are.</param>
internal sealed class SegmentPublisher(ISnapshotStore store, long lineage)
{
    private const int AttemptsMax = 8;

    private int _number;

    /// <summary>Puts a segment.</summary>
    /// <param name="generation">The generation that will name it first.</param>
    /// <param name="segment">The content; its buffer stays the caller's.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The segment, which counts for no shard until its manifest says for which.</returns>
    /// <exception cref="SnapshotStoreException">It can't be written, or nobody can tell whether it was.</exception>
    public async ValueTask<SegmentInfo> PutAsync(
        long generation, SealedSegment segment, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            string name = SegmentName.Of(lineage, generation, Interlocked.Increment(ref _number));
            PutResult put = await store.PutAsync(name, segment.Content, PutCondition.Absent, cancellationToken);
            if (put.Outcome == PutOutcome.Done || await IsThereAsync(put, name, segment, cancellationToken))
            {
                return new SegmentInfo(
                    name, segment.Bytes, segment.FooterCrc, segment.Records, segment.Deletions, IsBase: false,
                    ShardSet.Empty);
            }
        }

        throw new SnapshotStoreException(
            $"A segment of generation {generation} could not be written in {AttemptsMax} attempts: the store answers "
            + "that the name is taken or that the outcome is unknown. Look at the store's own state.");
    }

    private async ValueTask<bool> IsThereAsync(
        PutResult put, string name, SealedSegment segment, CancellationToken cancellationToken)
    {
        if (put.Outcome != PutOutcome.Unknown)
        {
            return false;
        }

        SnapshotBlob? blob = await store.GetAsync(name, cancellationToken);
        return blob is not null && blob.Content.Span.SequenceEqual(segment.Content.Span);
    }
}
