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
}
