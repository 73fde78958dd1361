using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>How far one source partition is applied. Written by its ingestor, read by everybody.</summary>
public sealed class PartitionProgress
{
    /// <summary>
    /// The partition's end is looked at about once a second; when that was longer ago than this, milliseconds, whoever
    /// looks after it is held up, and what is known is that old.
    /// </summary>
    public const long UnseenMaxMs = 3_000;

    private readonly Lock _gate = new();
    private readonly Signal _advanced = new();
    private long _next;
    private long _end;
    private long _pendingSinceMs;
    private long _verifiedMs = long.MaxValue;
    private long _recoverTo;
    private long _startOffset;
    private ImmutableArray<OffsetGap> _gaps;
    private RecordMark? _mark;

    /// <summary>Creates the progress of a partition.</summary>
    /// <param name="partition">Which partition.</param>
    /// <param name="source">Its packed number (<see cref="Core.Model.Position.Source"/>).</param>
    /// <param name="next">The next offset to apply.</param>
    /// <param name="gaps">Gaps that are declared already.</param>
    public PartitionProgress(TopicPartition partition, int source, long next, ImmutableArray<OffsetGap> gaps)
    {
        Partition = partition;
        Source = source;
        _next = next;
        _end = next;
        _gaps = gaps;
    }

    /// <summary>Which partition.</summary>
    public TopicPartition Partition { get; }

    /// <summary>The packed number of topic and partition.</summary>
    public int Source { get; }

    /// <summary>
    /// The next offset to apply: everything before is in the state, or a dead letter, or a declared gap.
    /// </summary>
    public long Next => Volatile.Read(ref _next);

    /// <summary>The last known end of the partition.</summary>
    public long End => Math.Max(Volatile.Read(ref _end), Next);

    /// <summary>The last known end, and when the last look at it began.</summary>
    internal LogEnd Look => new(End, Volatile.Read(ref _verifiedMs));

    /// <summary>
    /// The partition's end when the host started: until it is applied, state is what it was at some earlier time.
    /// </summary>
    public long RecoverTo
    {
        get => Volatile.Read(ref _recoverTo);
        set => Volatile.Write(ref _recoverTo, value);
    }

    /// <summary>
    /// Where state begins by the event's definition: what is before is left out on purpose. 0: at the first record.
    /// </summary>
    public long StartOffset
    {
        get => Volatile.Read(ref _startOffset);
        set => Volatile.Write(ref _startOffset, value);
    }

    /// <summary>Whether the host has not yet brought the state back to where it was.</summary>
    public bool IsRebuilding => Next < RecoverTo;

    /// <summary>Records that wait to be applied.</summary>
    public long Lag
    {
        get
        {
            // The position is read first: the end that is read after it is not before it.
            long next = Next;
            return End - next;
        }
    }

    /// <summary>Declared gaps, oldest first.</summary>
    public ImmutableArray<OffsetGap> Gaps
    {
        get
        {
            lock (_gate)
            {
                return _gaps;
            }
        }
    }

    /// <summary>
    /// The last applied record, by which a replaced log is told; null: none is known.
    /// </summary>
    public RecordMark? Mark
    {
        get
        {
            lock (_gate)
            {
                return _mark;
            }
        }

        set
        {
            lock (_gate)
            {
                _mark = value;
            }
        }
    }

    /// <summary>
    /// How far the partition is behind, milliseconds: the age of the oldest record that waits, 0 when none does. When
    /// nobody has looked at the partition's end for <see cref="UnseenMaxMs"/>, records may wait that are not known,
    /// and it is at least as far behind as that look is old (I12).
    /// </summary>
    public long LagMs(long nowMs)
    {
        // Each is read before what was noted before it: the look before the end, the end before its records' age.
        long unseen = UnseenMs(nowMs);
        long lag = Lag;
        long since = Volatile.Read(ref _pendingSinceMs);
        long behind = lag == 0 || since == 0 ? 0 : Math.Max(0, nowMs - since);
        return Math.Max(behind, unseen);
    }

    /// <summary>How long nobody has looked at the partition's end, milliseconds; 0: not longer than
    /// <see cref="UnseenMaxMs"/>.</summary>
    public long UnseenMs(long nowMs)
    {
        long unseen = nowMs - Volatile.Read(ref _verifiedMs);
        return unseen > UnseenMaxMs ? unseen : 0;
    }

    /// <summary>Notes that the end was looked at; comes after what was seen.</summary>
    /// <param name="atMs">When the look began, milliseconds since the Unix epoch; 0 or less: nobody has looked, and
    /// the last look that is known stays.</param>
    public void Verify(long atMs)
    {
        if (atMs > 0)
        {
            Volatile.Write(ref _verifiedMs, atMs);
        }
    }

    /// <summary>Notes that everything before <paramref name="next"/> is applied.</summary>
    /// <param name="next">The next offset.</param>
    /// <param name="end">The partition's end as known now.</param>
    /// <param name="pendingSinceMs">The record time of the last applied record: those that wait are not older.</param>
    public void Advance(long next, long end, long pendingSinceMs)
    {
        lock (_gate)
        {
            // The position comes last, so that nobody sees it beside an end that is older.
            See(next, Math.Max(end, next), pendingSinceMs);
            Volatile.Write(ref _next, next);
        }

        _advanced.Set();
    }

    /// <summary>
    /// Notes how far the partition is known to reach, and since when the oldest waiting record waits. A known end stays
    /// known: one who has seen less does not take it back.
    /// </summary>
    /// <param name="end">The partition's end as known now.</param>
    /// <param name="pendingSinceMs">Since when records wait, milliseconds since the Unix epoch. 0: whoever has seen the
    /// end does not know; what waits came after the last look, or waits since before it.</param>
    public void SeeEnd(long end, long pendingSinceMs) => See(Next, end, pendingSinceMs);

    /// <summary>A progress of its own that is as this one is.</summary>
    internal PartitionProgress Copy()
    {
        PartitionProgress copy = CopyAt(Next);
        copy.RecoverTo = RecoverTo;
        return copy;
    }

    /// <summary>A progress of its own that knows what this one knows of the partition, but not of the state: it has
    /// nothing to bring back.</summary>
    /// <param name="next">The next offset to apply.</param>
    internal PartitionProgress CopyAt(long next)
    {
        var copy = new PartitionProgress(Partition, Source, next, Gaps)
        {
            StartOffset = StartOffset, Mark = next == Next ? Mark : null,
        };
        copy.SeeLike(this);
        return copy;
    }

    /// <summary>Notes what another progress of the same partition knows of its end.</summary>
    internal void SeeLike(PartitionProgress other)
    {
        long sinceMs = Volatile.Read(ref other._pendingSinceMs);
        SeeEnd(other.End, sinceMs);
        Volatile.Write(ref _verifiedMs, Volatile.Read(ref other._verifiedMs));
    }

    /// <summary>
    /// Notes that records up to an offset exist and were not applied. They came after the last look, or wait since
    /// before it.
    /// </summary>
    internal void SeeMissed(long end) => SeeEnd(end, 0);

    /// <summary>Notes the end of a partition that is not read at present.</summary>
    /// <param name="end">The partition's end as known now.</param>
    /// <param name="nowMs">The present time, milliseconds since the Unix epoch.</param>
    public void SeeStalled(long end, long nowMs)
    {
        bool isKnown = Volatile.Read(ref _verifiedMs) != long.MaxValue
            || (Lag > 0 && Volatile.Read(ref _pendingSinceMs) != 0);
        SeeEnd(end, isKnown ? 0 : nowMs);
    }

    /// <summary>
    /// Declares that offsets are gone (I8), once; one that has grown takes the place of what it was. The newest 16 gaps
    /// are kept.
    /// </summary>
    public void DeclareGap(OffsetGap gap)
    {
        lock (_gate)
        {
            if (!_gaps.Any(g => g.First == gap.First && g.Last >= gap.Last))
            {
                ImmutableArray<OffsetGap> others = _gaps.RemoveAll(g => g.First == gap.First);

                // Several readers may tell of them, in any order.
                _gaps = [.. others.Add(gap).OrderBy(g => g.First).TakeLast(CheckpointContent.GapsMax)];
            }
        }
    }

    /// <summary>Waits until an offset is applied.</summary>
    public async ValueTask WaitForAsync(long offset, CancellationToken cancellationToken) =>
        await WaitForAsync(offset, Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    /// <summary>Waits until an offset is applied, or for a time.</summary>
    /// <returns>False: the time is over.</returns>
    public async ValueTask<bool> WaitForAsync(
        long offset, TimeSpan most, TimeProvider time, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            long seen = _advanced.Version;
            if (Next > offset)
            {
                return true;
            }

            TimeSpan rest = most == Timeout.InfiniteTimeSpan ? most : most - time.GetElapsedTime(started);
            if ((rest <= TimeSpan.Zero && rest != Timeout.InfiniteTimeSpan)
                || !await _advanced.WaitAsync(seen, rest, time, cancellationToken))
            {
                return false;
            }
        }
    }

    private void See(long next, long end, long pendingSinceMs)
    {
        long known = Volatile.Read(ref _end);
        if (pendingSinceMs == 0 && Math.Max(end, known) > next)
        {
            long sinceMs = Lag > 0 ? Volatile.Read(ref _pendingSinceMs) : 0;
            long lookedMs = Volatile.Read(ref _verifiedMs);
            pendingSinceMs = sinceMs != 0 || lookedMs == long.MaxValue ? sinceMs : lookedMs;
        }

        Volatile.Write(ref _pendingSinceMs, pendingSinceMs);
        Volatile.Write(ref _end, Math.Max(end, known));
    }
}
