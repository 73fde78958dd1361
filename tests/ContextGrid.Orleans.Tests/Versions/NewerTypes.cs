using Orleans;

namespace ContextGrid.Orleans.Tests.Versions;

/// <summary>
/// Types as a newer version may have them: with one more field, which has a number that no present one has.
/// </summary>
internal static class NewerTypes
{
    [GenerateSerializer]
    internal sealed class NewerEntityState
    {
        [Id(0)]
        public byte[] Snapshot { get; set; } = [];

        [Id(1)]
        public ulong Definitions { get; set; }

        [Id(100)]
        public string? More { get; set; }
    }

    [GenerateSerializer]
    internal sealed class NewerPartitionState
    {
        [Id(0)]
        public long Epoch { get; set; }

        [Id(1)]
        public long Next { get; set; }

        [Id(2)]
        public long[] Gaps { get; set; } = [];

        [Id(3)]
        public long[] Mark { get; set; } = [];

        [Id(4)]
        public long Start { get; set; }

        [Id(100)]
        public string? More { get; set; }
    }

    [GenerateSerializer]
    internal sealed record NewerPartitionReport(
        [property: Id(0)] long Epoch,
        [property: Id(1)] long Next,
        [property: Id(2)] long End,
        [property: Id(3)] long LagMs,
        [property: Id(4)] bool IsRebuilding,
        [property: Id(5)] long[] Gaps,
        [property: Id(6)] string Reader,
        [property: Id(7)] string? Fault,
        [property: Id(8)] long SaidMs,
        [property: Id(9)] long VerifiedVersion,
        [property: Id(10)] long Committed,
        [property: Id(11)] long CommittedMs,
        [property: Id(12)] long Start,
        [property: Id(100)] string? More);

    [GenerateSerializer]
    internal readonly record struct NewerShardWrite(
        [property: Id(0)] string Kind,
        [property: Id(1)] byte[] Key,
        [property: Id(2)] byte[] Content,
        [property: Id(3)] long Version,
        [property: Id(100)] string? More);

    [GenerateSerializer]
    internal readonly record struct NewerShardState(
        [property: Id(0)] byte[]? Content, [property: Id(1)] long Version, [property: Id(100)] string? More);

    [GenerateSerializer]
    internal readonly record struct NewerEventBlock(
        [property: Id(0)] byte[] Bytes, [property: Id(1)] int Reader, [property: Id(100)] string? More);

    [GenerateSerializer]
    internal readonly record struct NewerAnswerBlock(
        [property: Id(0)] byte[] Bytes, [property: Id(1)] long LossVersion, [property: Id(100)] string? More);
}
