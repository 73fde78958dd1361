using System.Collections.Immutable;
using System.Text;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Tests.Checkpoints;

/// <summary>Short forms for tests of checkpoints: entities are texts, and the state of a grid is a
/// dictionary.</summary>
internal static class CheckpointFixture
{
    public static readonly CheckpointOptions Small = new()
    {
        SegmentBytesMax = 4096, SmallSegmentsMax = 2, MergeInPublish = true, ShardCount = 4,
    };

    public static ValueTask<CheckpointStore> OpenAsync(ISnapshotStore store, string owner = "owner") =>
        CheckpointStore.OpenAsync(store, owner, TimeProvider.System, Small, CancellationToken.None);

    public static void Add(this CheckpointBuilder builder, string key, string value, string type = "user") =>
        builder.Add(type, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));

    public static void Delete(this CheckpointBuilder builder, string key, string type = "user") =>
        builder.Delete(type, Encoding.UTF8.GetBytes(key));

    /// <summary>Content in which all shards that a store holds stand at one offset.</summary>
    public static CheckpointContent At(CheckpointStore checkpoints, long offset) => WithShards(
        checkpoints, new CheckpointContent { Sources = [new SourceProgress("payments", 0, offset, [])] });

    public static CheckpointContent WithShards(CheckpointStore checkpoints, CheckpointContent content)
    {
        ImmutableArray<long> next = [.. content.Sources.Select(s => s.NextOffset)];
        ImmutableArray<long> entities = [.. content.DefinitionHashes.Select(_ => 0L)];
        return content with
        {
            Shards = [.. checkpoints.Held.Shards().Select(s => new ShardContent(s, 0, next, entities))],
        };
    }

    public static async Task<SortedDictionary<string, string>> ReadAsync(CheckpointStore checkpoints)
    {
        var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await checkpoints.ReadAllAsync(
            (type, key, snapshot) =>
                state.Add($"{type}/{Encoding.UTF8.GetString(key)}", Encoding.UTF8.GetString(snapshot)),
            CancellationToken.None);
        return state;
    }

    public static async Task<long> PublishAsync(
        CheckpointStore checkpoints, long offset, params (string Key, string Value)[] entities)
    {
        using CheckpointBuilder builder = checkpoints.BeginCheckpoint();
        foreach ((string key, string value) in entities)
        {
            builder.Add(key, value);
        }

        return await builder.PublishAsync(At(checkpoints, offset), CancellationToken.None);
    }
}
