using System.Globalization;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;
using StableHash = ContextGrid.Core.Model.StableHash;

namespace ContextGrid.Orleans.Storage;

/// <summary>
/// Orleans' grain storage over a snapshot store: states are spread over shards by their grains' keys. The ETag is the
/// state's version.
/// </summary>
internal sealed class SnapshotGrainStorage : IGrainStorage
{
    /// <summary>How many shards there are; it never changes.</summary>
    internal const int Shards = 16;

    private readonly Serializer _serializer;
    private readonly ShardWriter[] _writers;
    private readonly IGrainFactory _grains;

    internal SnapshotGrainStorage(IGrainFactory grains, Serializer serializer)
    {
        (_grains, _serializer) = (grains, serializer);
        _writers = [.. Enumerable.Range(0, Shards).Select(s => new ShardWriter(ShardOf(s)))];
    }

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        byte[] key = KeyOf(grainId);
        ShardState found = await ShardOf(NumberOf(key)).ReadAsync(stateName, key);
        grainState.RecordExists = found.Content is not null;
        grainState.ETag = found.Version == 0 ? null : found.Version.ToString(CultureInfo.InvariantCulture);
        grainState.State = found.Content is { } content
            ? _serializer.Deserialize<T>(content)
            : Activator.CreateInstance<T>();
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await WriteAsync(stateName, grainId, grainState, _serializer.SerializeToArray(grainState.State));
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await WriteAsync(stateName, grainId, grainState, []);
        (grainState.RecordExists, grainState.ETag) = (false, null);
        grainState.State = Activator.CreateInstance<T>();
    }

    private async Task WriteAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, byte[] content)
    {
        byte[] key = KeyOf(grainId);
        long before = grainState.ETag is { } etag ? long.Parse(etag, CultureInfo.InvariantCulture) : 0;
        long version = await _writers[NumberOf(key)].WriteAsync(new ShardWrite(stateName, key, content, before));
        if (version < 0)
        {
            throw new InconsistentStateException(
                $"The state {stateName} of {grainId} is not version {before}: another activation has written.");
        }

        grainState.ETag = version.ToString(CultureInfo.InvariantCulture);
    }

    private static byte[] KeyOf(GrainId grain) => grain.Key.AsSpan().ToArray();

    /// <summary>The shard that has the state of a grain.</summary>
    internal static int NumberOf(byte[] key) => (int)(StableHash.Of(key) % Shards);

    private ISnapshotShardGrain ShardOf(int number) => _grains.GetGrain<ISnapshotShardGrain>(number);
}
