using System.Collections.Frozen;
using System.Collections.Immutable;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// How far each open shard of a process is applied in each source partition, and the rule by which a part of a
/// partition is taken: it must join what is applied. Shards that stand at the same position are in step and share one
/// <see cref="PartitionProgress"/>; one that has missed a part is behind, has its own, and reads the log by itself
/// until it is in step again.
/// </summary>
/// <remarks>
/// One part of a partition is under way at a time: from <see cref="BeginAsync"/> to <see cref="End"/> or
/// <see cref="Abandon"/> the partition's gate is held. A part may overlap what is applied, since entities skip what
/// they have (I2); it must not leave out anything. Everything else is thread-safe.
/// </remarks>
internal sealed class ShardPositions
{
    /// <summary>The time between two looks at shards that are behind, which they are for seconds, and rarely.</summary>
    internal static readonly TimeSpan BehindPause = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private readonly FrozenDictionary<TopicPartition, int> _indexes;
    private readonly PartitionState[] _partitions;
    private readonly PartitionProgress[]?[] _byShard;
    private readonly Signal _fellBehind = new();
    private readonly bool _isOnlyReader;
    private ShardSet _open;
    private ShardSet _leaving;
    private volatile bool _hasBehind;

    /// <summary>Creates the positions of a process that has no shard yet.</summary>
    /// <param name="process">The progress of each source partition as the process tells it.</param>
    /// <param name="shards">How many shards there are.</param>
    /// <param name="isOnlyReader">True: <paramref name="process"/> is advanced by the readers of this process, and
    /// nobody else delivers. False: it is advanced here.</param>
    internal ShardPositions(ImmutableArray<PartitionProgress> process, int shards, bool isOnlyReader)
    {
        (Process, _isOnlyReader) = (process, isOnlyReader);
        _byShard = new PartitionProgress[]?[shards];
        _indexes = process.Select((p, i) => (p.Partition, i)).ToFrozenDictionary(p => p.Partition, p => p.i);
        _partitions = [.. process.Select((p, i) => new PartitionState(
            i, isOnlyReader ? p : p.CopyAt(p.Next)) { To = p.Next })];
    }

    /// <summary>The progress of each source partition as the process tells it.</summary>
    internal ImmutableArray<PartitionProgress> Process { get; }

    /// <summary>The open shards.</summary>
    internal ShardSet Open
    {
        get
        {
            lock (_lock)
            {
                return _open;
            }
        }
    }

    /// <summary>How many shards there are, open or not.</summary>
    internal int ShardCount => _byShard.Length;

    /// <summary>Whether a shard is behind the others in any partition.</summary>
    internal bool HasBehind => _hasBehind;

    /// <summary>Set when a shard has fallen behind or was opened behind.</summary>
    internal Signal FellBehind => _fellBehind;

    /// <summary>The index of a partition; −1: it is not consumed.</summary>
    internal int IndexOf(TopicPartition partition) => _indexes.GetValueOrDefault(partition, -1);

    /// <summary>How far an open shard is applied in each partition; null: it is not open.</summary>
    internal PartitionProgress[]? Of(int shard) => Volatile.Read(ref _byShard[shard]);

    /// <summary>The shards in step of one partition: what they share.</summary>
    internal PartitionProgress InStep(int partition) => Volatile.Read(ref _partitions[partition].InStep);

    /// <summary>
    /// Opens shards. At the start those that stand where the process stands are in step; all others are behind, and
    /// take nothing before they have caught up.
    /// </summary>
    /// <param name="shards">Shards that stand at the same positions.</param>
    /// <param name="own">Their progress in each partition; theirs from now on.</param>
    /// <param name="atStart">Whether nothing was delivered yet.</param>
    internal void OpenShards(ShardSet shards, ReadOnlySpan<PartitionProgress> own, bool atStart)
    {
        lock (_lock)
        {
            PartitionProgress[] progress = own.ToArray();
            for (int p = 0; p < progress.Length; p++)
            {
                PartitionState partition = _partitions[p];
                if (!partition.HasBegun && !_isOnlyReader && IsFurther(progress[p], partition.InStep))
                {
                    BeginAt(partition, p, progress[p]);
                }

                bool isInStep = (atStart || !partition.HasBegun) && progress[p].Next == partition.InStep.Next
                    && RebuildsTo(progress[p]) == RebuildsTo(partition.InStep);
                progress[p] = isInStep ? partition.InStep : progress[p];
                _hasBehind |= !isInStep;
            }

            foreach (int shard in shards.Shards())
            {
                Volatile.Write(ref _byShard[shard], [.. progress]);
            }

            _open = _open.Union(shards);
            _leaving = _leaving.Except(shards);
        }

        _fellBehind.Set();
    }

    /// <summary>Closes shards, at any time: what is under way no longer counts for them.</summary>
    internal void CloseShards(ShardSet shards)
    {
        lock (_lock)
        {
            _open = _open.Except(shards);
            _leaving = _leaving.Except(shards);
            foreach (PartitionState partition in _partitions)
            {
                if (partition.UnderWay is { } part)
                {
                    part.Taking = part.Taking.Except(shards);
                }
            }

            foreach (int shard in shards.Shards())
            {
                Volatile.Write(ref _byShard[shard], null);
            }

            NoteBehind();
        }
    }

    /// <summary>Lets shards take nothing more; returns when nothing of them is under way.</summary>
    internal async ValueTask LeaveAsync(ShardSet shards, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _leaving = _leaving.Union(shards);
        }

        for (int p = 0; p < _partitions.Length; p++)
        {
            await _partitions[p].Gate.WaitAsync(cancellationToken);
            lock (_lock)
            {
                // They keep the position that they have; the others go on without them.
                LeaveStep(p, shards);
            }

            _partitions[p].Gate.Release();
        }
    }

    /// <summary>Lets shards take parts again that were to leave.</summary>
    internal void Stay(ShardSet shards)
    {
        lock (_lock)
        {
            _leaving = _leaving.Except(shards);
        }

        _fellBehind.Set();
    }

    /// <summary>Begins a part of a partition, and takes its gate.</summary>
    /// <param name="partition">The partition's index.</param>
    /// <param name="from">The first offset of the part.</param>
    /// <param name="to">The offset after it.</param>
    /// <param name="covered">The shards of which the part has every event.</param>
    /// <param name="cancellationToken">Ends the wait for the gate.</param>
    internal async ValueTask<ShardPart> BeginAsync(
        int partition, long from, long to, ShardSet covered, CancellationToken cancellationToken)
    {
        PartitionState state = _partitions[partition];
        await state.Gate.WaitAsync(cancellationToken);
        lock (_lock)
        {
            if (state.To < from)
            {
                // Parts were missed: who is in step falls behind, and what follows is for those that join it.
                FallBehind(state, partition, from);
            }

            // Shards that are about to leave take nothing more: what the others take is not theirs.
            ShardSet without = _open.Except(covered.Except(_leaving));
            if (to > from && !without.IsEmpty)
            {
                LeaveStep(partition, without);
            }

            state.UnderWay = state.Part;
            state.Part.Taking = Taking(state, partition, from, to, covered);
            (state.To, state.HasBegun) = (Math.Max(state.To, to), true);
            return state.UnderWay;
        }
    }

    /// <summary>The shards that take a part, without those that were closed since it began.</summary>
    internal ShardSet TakingOf(ShardPart part)
    {
        lock (_lock)
        {
            return part.Taking;
        }
    }

    /// <summary>Ends a part: what took it is in step. Gives the gate back.</summary>
    /// <returns>The shards that took it.</returns>
    internal ShardSet End(ShardPart part, in Delivered delivered)
    {
        PartitionState state = _partitions[part.Partition];
        lock (_lock)
        {
            Note(part.Partition, state.InStep, delivered);
            foreach (int shard in _hasBehind ? part.Taking.Shards() : [])
            {
                _byShard[shard]![part.Partition] = state.InStep; // What takes a part is open.
            }

            state.UnderWay = null;
            NoteBehind();
        }

        NoteProcess(part.Partition, delivered);
        state.Gate.Release();
        return part.Taking;
    }

    /// <summary>Gives a part up: what was applied of it is applied again with the next. Gives the gate back.</summary>
    internal void Abandon(ShardPart part)
    {
        PartitionState state = _partitions[part.Partition];
        lock (_lock)
        {
            state.UnderWay = null;
            state.To = state.InStep.Next;
        }

        state.Gate.Release();
    }

    /// <summary>Notes what is known of a partition's end, without a part.</summary>
    internal void NoteEnd(int partition, in Delivered delivered)
    {
        Delivered end = delivered with { To = 0 };
        lock (_lock)
        {
            Note(partition, _partitions[partition].InStep, end);
        }

        NoteProcess(partition, end);
    }

    /// <summary>The open shards that are behind in a partition.</summary>
    internal ShardSet Behind(int partition)
    {
        lock (_lock)
        {
            ShardSet behind = default;
            foreach (int shard in _open.Except(_leaving).Shards())
            {
                behind = _byShard[shard]![partition] != _partitions[partition].InStep // Open ones have positions.
                    ? behind.With(shard)
                    : behind;
            }

            return behind;
        }
    }

    /// <summary>Those of some shards that are not yet brought back to where answers may have been.</summary>
    internal ShardSet Rebuilding(ShardSet shards)
    {
        ShardSet rebuilding = default;
        foreach (int shard in shards.Shards())
        {
            rebuilding = Of(shard)?.Any(p => p.IsRebuilding) == true ? rebuilding.With(shard) : rebuilding;
        }

        return rebuilding;
    }

    /// <summary>What people are told of shards that are behind: how many in which partition, and how far the last of
    /// them is.</summary>
    internal IEnumerable<string> BehindNotes()
    {
        for (int p = 0; p < Process.Length && _hasBehind; p++)
        {
            ShardSet behind = Behind(p);
            if (!behind.IsEmpty)
            {
                TopicPartition partition = Process[p].Partition;
                long next = behind.Shards().Min(s => Of(s)?[p].Next ?? long.MaxValue);
                yield return $"{behind.Count} shards catch up with {partition.Topic}/{partition.Partition}: the last "
                    + $"of them is at offset {Math.Min(next, Process[p].Next)}, the others at {Process[p].Next}.";
            }
        }
    }

    /// <summary>Takes the gate for a part that only shards behind take.</summary>
    /// <returns>Those of the shards that are still behind.</returns>
    internal async ValueTask<ShardSet> BeginBehindAsync(
        int partition, long from, ShardSet shards, CancellationToken cancellationToken)
    {
        await _partitions[partition].Gate.WaitAsync(cancellationToken);
        ShardSet taking = default;
        foreach (int shard in Behind(partition).Intersect(shards).Shards())
        {
            taking = Of(shard)?[partition].Next >= from ? taking.With(shard) : taking;
        }

        return taking;
    }

    /// <summary>What tells an opening of a shard from another: its own progress in a partition; null: it is closed.
    /// </summary>
    internal PartitionProgress? OwnOf(int shard, int partition) => Of(shard)?[partition];

    /// <summary>Ends such a part: shards that have reached the others are in step.</summary>
    internal void EndBehind(int partition, ShardSet shards, in Delivered delivered)
    {
        PartitionState state = _partitions[partition];
        lock (_lock)
        {
            KeepOthers(partition, shards.Intersect(_open));
            foreach (int shard in shards.Intersect(_open).Shards())
            {
                PartitionProgress progress = _byShard[shard]![partition]; // It is open.
                Note(partition, progress, delivered);

                // One that is ahead of the others joins them when they are there: its position never goes back.
                if (progress.Next == state.InStep.Next && progress.Next >= state.To && !progress.IsRebuilding)
                {
                    _byShard[shard]![partition] = state.InStep; // As above.
                }
            }

            NoteBehind();
        }

        state.Gate.Release();
    }

    /// <summary>Gives the gate back without a part.</summary>
    internal void GiveUpBehind(int partition) => _partitions[partition].Gate.Release();

    /// <summary>The shards that a query is about.</summary>
    internal ShardSet ShardsOf(ContextQuery query)
    {
        ShardSet shards = default;
        for (int i = 0; i < query.Count; i++)
        {
            shards = shards.With(ShardMap.ShardOf(query.Key(i), _byShard.Length));
        }

        return shards;
    }

    /// <summary>Waits until the shards of a query have applied an offset.</summary>
    internal async ValueTask WaitForAsync(
        int partition, long offset, ContextQuery query, TimeProvider time, CancellationToken cancellationToken)
    {
        await Process[partition].WaitForAsync(offset, cancellationToken);
        while (HasBehind && ShardsOf(query).Shards().Any(s => Of(s) is { } own && own[partition].Next <= offset))
        {
            await Task.Delay(BehindPause, time, cancellationToken);
        }
    }

    /// <summary>The positions of all open shards; shards at the same positions share one array.</summary>
    internal List<(int Shard, ImmutableArray<long> Next)> Vectors()
    {
        var vectors = new List<(int Shard, ImmutableArray<long> Next)>(_byShard.Length);
        PartitionProgress[] like = [];
        ImmutableArray<long> last = [];
        foreach (int shard in Open.Shards())
        {
            if (Of(shard) is not { } progress)
            {
                continue;
            }

            // What was read a moment ago of the same progress is a position that still holds.
            if (vectors.Count == 0 || !progress.AsSpan().SequenceEqual(like))
            {
                PartitionProgress[] read = [.. progress];
                var next = new long[read.Length];
                for (int p = 0; p < next.Length; p++)
                {
                    next[p] = read[p].Next;
                }

                like = read;
                last = vectors.Count > 0 && last.AsSpan().SequenceEqual(next)
                    ? last
                    : System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(next);
            }

            vectors.Add((shard, last));
        }

        return vectors;
    }

    private static bool IsFurther(PartitionProgress one, PartitionProgress other) => one.Next > other.Next
        || (one.Next == other.Next && RebuildsTo(one) > RebuildsTo(other));

    private static long RebuildsTo(PartitionProgress one) => Math.Max(one.Next, one.RecoverTo);

    // A process that has had nothing of a partition stands where its first shards stand.
    private void BeginAt(PartitionState state, int partition, PartitionProgress own)
    {
        LeaveStep(partition, _open);
        Volatile.Write(ref state.InStep, own);
        state.To = own.Next;
        Process[partition].StartOffset = own.StartOffset;
        Process[partition].Mark = own.Mark;
        Process[partition].RecoverTo = Math.Max(Process[partition].RecoverTo, own.RecoverTo);
        Process[partition].Advance(own.Next, own.End, 0);
        Process[partition].SeeLike(own);
    }

    private ShardSet Taking(PartitionState state, int partition, long from, long to, ShardSet covered)
    {
        ShardSet candidates = covered.Intersect(_open).Except(_leaving);
        if (!_hasBehind)
        {
            return candidates;
        }

        ShardSet taking = default;
        foreach (int shard in candidates.Shards())
        {
            PartitionProgress progress = _byShard[shard]![partition]; // It is open.
            bool joins = progress == state.InStep
                || (progress.Next >= from && to >= Math.Max(state.To, progress.Next) && !progress.IsRebuilding);
            taking = joins ? taking.With(shard) : taking;
        }

        return taking;
    }

    private void FallBehind(PartitionState state, int partition, long from)
    {
        foreach (int shard in _open.Shards())
        {
            _hasBehind |= _byShard[shard]![partition] == state.InStep; // It is open.
        }

        // Who was in step keeps the object: whoever reads it sees the position that these shards have.
        state.InStep.SeeMissed(from);
        Volatile.Write(ref state.InStep, Process[partition].CopyAt(from));
        state.To = from;
        _fellBehind.Set();
    }

    private void LeaveStep(int partition, ShardSet shards)
    {
        PartitionProgress inStep = _partitions[partition].InStep;
        PartitionProgress? own = null;
        foreach (int shard in shards.Intersect(_open).Shards())
        {
            if (_byShard[shard]![partition] == inStep) // It is open.
            {
                own ??= inStep.Copy();
                _byShard[shard]![partition] = own;
                _hasBehind = true;
            }
        }

        if (own is not null)
        {
            _fellBehind.Set();
        }
    }

    // Shards that are behind may share a progress: those that take nothing keep what it was.
    private void KeepOthers(int partition, ShardSet taking)
    {
        HashSet<PartitionProgress> taken = [.. taking.Shards().Select(s => _byShard[s]![partition])]; // It is open.
        var kept = new Dictionary<PartitionProgress, PartitionProgress>();
        foreach (int shard in _open.Except(taking).Shards())
        {
            PartitionProgress progress = _byShard[shard]![partition]; // As above.
            if (taken.Contains(progress) && progress != _partitions[partition].InStep)
            {
                if (!kept.TryGetValue(progress, out PartitionProgress? copy))
                {
                    kept[progress] = copy = progress.Copy();
                }

                _byShard[shard]![partition] = copy; // As above.
            }
        }
    }

    private void NoteBehind()
    {
        if (!_hasBehind)
        {
            return;
        }

        bool hasBehind = false;
        foreach (int shard in _open.Shards())
        {
            for (int p = 0; p < _partitions.Length && !hasBehind; p++)
            {
                hasBehind = _byShard[shard]![p] != _partitions[p].InStep; // It is open.
            }
        }

        _hasBehind = hasBehind;
    }

    // The only reader of a process advances the progress of the process by itself. No progress ever goes back.
    private void Note(int partition, PartitionProgress progress, in Delivered delivered)
    {
        if (_isOnlyReader && progress == Process[partition])
        {
            return;
        }

        if (delivered.To > progress.Next)
        {
            progress.Mark = delivered.Mark ?? progress.Mark;
            progress.Advance(delivered.To, delivered.End, delivered.WaitingSinceMs);
        }
        else if (delivered.SeenMs > 0)
        {
            progress.SeeEnd(delivered.End, progress.Next >= delivered.End ? 0 : delivered.WaitingSinceMs);
        }

        progress.Verify(delivered.SeenMs);
    }

    private void NoteProcess(int partition, in Delivered delivered)
    {
        if (!_isOnlyReader)
        {
            Note(partition, Process[partition], delivered);
        }
    }

    private sealed class PartitionState(int index, PartitionProgress inStep)
    {
        internal PartitionProgress InStep = inStep;

        internal AsyncGate Gate { get; } = new();

        /// <summary>The shards in step have, or take now, everything up to here.</summary>
        internal long To { get; set; }

        /// <summary>Whether anything was delivered.</summary>
        internal bool HasBegun { get; set; }

        internal ShardPart? UnderWay { get; set; }

        /// <summary>Used again by each part.</summary>
        internal ShardPart Part { get; } = new(index);
    }
}

/// <summary>A part of a partition that is under way.</summary>
internal sealed class ShardPart(int partition)
{
    /// <summary>The partition's index.</summary>
    internal int Partition => partition;

    /// <summary>The shards that take it; kept by <see cref="ShardPositions"/>.</summary>
    internal ShardSet Taking { get; set; }
}
