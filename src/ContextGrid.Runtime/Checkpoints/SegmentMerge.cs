using System.Collections.Immutable;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Goes through several segments as one sorted sequence in which only the newest record of each entity appears. Memory
/// is one read buffer a segment, whatever their sizes. Records of shards for which their segment does not count are
/// passed over. One caller at a time.
/// </summary>
internal sealed class SegmentMerge : IDisposable
{
    private readonly SegmentReader[] _readers;
    private readonly ShardSet[] _shards;
    private readonly ShardSet _all;
    private readonly int _shardCount;
    private readonly bool[] _waiting;
    private readonly bool[] _ended;

    private SegmentMerge(SegmentReader[] readers, ShardSet[] shards, int shardCount)
    {
        _readers = readers;
        _shards = shards;
        _shardCount = shardCount;
        _all = ShardSet.All(shardCount);
        _waiting = new bool[readers.Length];
        _ended = new bool[readers.Length];
    }

    /// <summary>The reader that stands at the current record.</summary>
    public SegmentReader? Current { get; private set; }

    /// <summary>Opens segments, newest last.</summary>
    /// <param name="store">Where they are.</param>
    /// <param name="segments">The segments, and for which shards each counts.</param>
    /// <param name="shardCount">How many shards the store has.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CheckpointCorruptException">One of them is not what was written.</exception>
    public static async ValueTask<SegmentMerge> OpenAsync(
        ISnapshotStore store,
        ImmutableArray<SegmentInfo> segments,
        int shardCount,
        CancellationToken cancellationToken)
    {
        var readers = new List<SegmentReader>(segments.Length);
        try
        {
            foreach (SegmentInfo segment in segments)
            {
                readers.Add(await SegmentReader.OpenAsync(store, segment, cancellationToken));
            }

            return new SegmentMerge([.. readers], [.. segments.Select(s => s.Shards)], shardCount);
        }
        catch
        {
            readers.ForEach(r => r.Dispose());
            throw;
        }
    }

    /// <summary>Moves to the next entity; false at the end.</summary>
    /// <exception cref="CheckpointCorruptException">A record is not what was written.</exception>
    public async ValueTask<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        for (int i = 0; i < _readers.Length; i++)
        {
            if (!_waiting[i] && !_ended[i])
            {
                _waiting[i] = await MoveAsync(i, cancellationToken);
                _ended[i] = !_waiting[i];
            }
        }

        Choose();
        return Current is not null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SegmentReader reader in _readers)
        {
            reader.Dispose();
        }
    }

    private async ValueTask<bool> MoveAsync(int i, CancellationToken cancellationToken)
    {
        bool all = _shards[i] == _all;
        while (await _readers[i].MoveNextAsync(cancellationToken))
        {
            if (all || _shards[i].Contains(ShardMap.ShardOf(_readers[i].Key, _shardCount)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes the smallest record and, of equal ones, the newest; all equal ones are used up by it.</summary>
    private void Choose()
    {
        Current = null;
        for (int i = 0; i < _readers.Length; i++)
        {
            if (_waiting[i] && (Current is null || Compare(_readers[i], Current) <= 0))
            {
                Current = _readers[i];
            }
        }

        for (int i = 0; Current is not null && i < _readers.Length; i++)
        {
            if (_waiting[i] && Compare(_readers[i], Current) == 0)
            {
                _waiting[i] = false;
            }
        }
    }

    private static int Compare(SegmentReader x, SegmentReader y)
    {
        int order = x.Hash.CompareTo(y.Hash);
        if (order == 0)
        {
            order = x.TypeBytes.SequenceCompareTo(y.TypeBytes);
            order = order != 0 ? order : x.Key.SequenceCompareTo(y.Key);
        }

        return order;
    }
}
