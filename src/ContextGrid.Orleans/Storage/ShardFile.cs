using System.Buffers.Binary;
using System.Text;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Orleans.Storage;

/// <summary>
/// The checkpoints of one shard: looks states up, and writes many at a time. A record is the state's version, eight
/// bytes, and its content. Reading is thread-safe; one caller at a time writes.
/// </summary>
internal sealed class ShardFile : IAsyncDisposable
{
    private const int VersionBytes = 8;
    private const int KnownMax = 200_000;
    private const int RemovalsMax = 1_000;

    private readonly CheckpointStore _checkpoints;
    private readonly Dictionary<(string Kind, string Key), long> _known = []; // The writer's.

    private ShardFile(CheckpointStore checkpoints) => _checkpoints = checkpoints;

    /// <summary>Opens the checkpoints, and takes their ownership.</summary>
    /// <exception cref="SnapshotStoreException">The store can't be used.</exception>
    internal static async ValueTask<ShardFile> OpenAsync(
        ISnapshotStore store, string owner, TimeProvider time, CancellationToken cancellationToken) =>
        new(await CheckpointStore.OpenAsync(store, owner, time, cancellationToken));

    /// <summary>Reads a state.</summary>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    /// <exception cref="CheckpointCorruptException">The state is not what was written.</exception>
    internal async ValueTask<ShardState> ReadAsync(string kind, byte[] key)
    {
        byte[] type = Encoding.UTF8.GetBytes(kind);
        var stored = new StoredKey(
            type, key, SegmentFormat.HashOf(type, key), ShardMap.ShardOf(key, _checkpoints.ShardCount));
        while (true)
        {
            SegmentView view = _checkpoints.View;
            StoredRecord record = await _checkpoints.FindAsync(view, stored, CancellationToken.None);
            if (record.Outcome == StoredOutcome.Found)
            {
                return new ShardState(
                    record.Snapshot[VersionBytes..].ToArray(),
                    BinaryPrimitives.ReadInt64LittleEndian(record.Snapshot.Span));
            }

            if (record.Outcome != StoredOutcome.Gone)
            {
                return default;
            }

            if (ReferenceEquals(view, _checkpoints.View))
            {
                throw new CheckpointCorruptException(record.Blob, record.Offset, "the segment is missing");
            }
        }
    }

    /// <summary>What removes all states of a kind that are durable now; some at a time, read as they are taken.
    /// </summary>
    /// <exception cref="SnapshotStoreException">The store can't be read.</exception>
    /// <exception cref="CheckpointCorruptException">A state is not what was written.</exception>
    internal async IAsyncEnumerable<ShardWrite[]> RemovalsAsync(string kind)
    {
        using CheckpointPin pin = _checkpoints.Pin();
        using SegmentMerge merge = await _checkpoints.MergeAsync(pin, CancellationToken.None);
        var removals = new List<ShardWrite>();
        while (await merge.MoveNextAsync(CancellationToken.None))
        {
            if (merge.Current is { Snapshot.IsEmpty: false } found && found.Type == kind)
            {
                long version = BinaryPrimitives.ReadInt64LittleEndian(found.Snapshot);
                removals.Add(new ShardWrite(kind, found.Key.ToArray(), [], version));
            }

            if (removals.Count >= RemovalsMax)
            {
                yield return [.. removals];
                removals.Clear();
            }
        }

        if (removals.Count > 0)
        {
            yield return [.. removals];
        }
    }

    /// <summary>Writes states.</summary>
    /// <returns>Their new versions; −1: conflict.</returns>
    /// <exception cref="OwnerFencedException">Another one has opened the checkpoints.</exception>
    /// <exception cref="SnapshotStoreException">Nothing is durable, as far as is known.</exception>
    internal async ValueTask<long[]> WriteAsync(IReadOnlyList<ShardWrite> writes)
    {
        long[] versions = new long[writes.Count];
        var taken = new Dictionary<(string Kind, string Key), long>();
        using CheckpointBuilder builder = _checkpoints.BeginCheckpoint();
        for (int i = 0; i < writes.Count; i++)
        {
            ShardWrite write = writes[i];
            (string Kind, string Key) name = (write.Kind, Encoding.Latin1.GetString(write.Key));
            long present = taken.TryGetValue(name, out long own) ? own : await VersionOfAsync(name, write);
            versions[i] = present == write.Version ? present + 1 : -1;
            if (versions[i] > 0)
            {
                Add(builder, write, versions[i]);
                taken[name] = write.Content.Length == 0 ? 0 : versions[i]; // What is removed begins anew.
            }

            if (builder.MustSpill)
            {
                await builder.SpillAsync(CancellationToken.None);
            }
        }

        await builder.PublishAsync(_checkpoints.Current.Content, CancellationToken.None);
        Remember(taken);
        return versions;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _checkpoints.DisposeAsync();

    private static void Add(CheckpointBuilder builder, ShardWrite write, long version)
    {
        if (write.Content.Length == 0)
        {
            builder.Delete(write.Kind, write.Key);
            return;
        }

        byte[] record = new byte[VersionBytes + write.Content.Length];
        BinaryPrimitives.WriteInt64LittleEndian(record, version);
        write.Content.CopyTo(record, VersionBytes);
        builder.Add(write.Kind, write.Key, record);
    }

    private async ValueTask<long> VersionOfAsync((string Kind, string Key) name, ShardWrite write) =>
        _known.TryGetValue(name, out long known) ? known : (await ReadAsync(write.Kind, write.Key)).Version;

    private void Remember(Dictionary<(string Kind, string Key), long> taken)
    {
        if (_known.Count > KnownMax)
        {
            _known.Clear();
        }

        foreach (((string Kind, string Key) name, long version) in taken)
        {
            _known[name] = version;
        }
    }
}
