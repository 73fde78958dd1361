namespace ContextGrid.Runtime.Ingestion;

/// <summary>The newest verdicts of one partition. Written by its ingestor; thread-safe.</summary>
/// <param name="from">Nothing is known of records before this offset.</param>
public sealed class PartitionVerdicts(long from)
{
    private readonly Lock _gate = new();
    private Entry[] _ring = [];
    private int _first;
    private int _count;
    private long _knownFrom = from;
    private long _heldUpAt = -1;

    /// <summary>An offset that was waited for in vain; −1: none.</summary>
    internal long HeldUpAt
    {
        get => Volatile.Read(ref _heldUpAt);
        set => Volatile.Write(ref _heldUpAt, value);
    }

    /// <summary>Notes what a record's id tells; offsets ascend.</summary>
    /// <param name="offset">The record's offset.</param>
    /// <param name="verdict">What its partition knows of the id.</param>
    /// <param name="isElsewhere">Whether another partition has the id.</param>
    internal void Note(long offset, IdVerdict verdict, bool isElsewhere)
    {
        if (verdict == IdVerdict.New && !isElsewhere)
        {
            return;
        }

        lock (_gate)
        {
            if (_count == _ring.Length)
            {
                MakeRoom();
            }

            _ring[(_first + _count++) % _ring.Length] = new Entry(offset, verdict, isElsewhere);
        }
    }

    internal IdVerdict? Of(long offset)
    {
        lock (_gate)
        {
            int at = LowerBound(offset);
            return at < _count && At(at).Offset == offset ? At(at).Verdict
                : offset < _knownFrom ? null : IdVerdict.New;
        }
    }

    /// <summary>Counts the verdicts on the records of one partition among others.</summary>
    /// <returns>Null: some of them are forgotten.</returns>
    internal IdTally? Count(ReadOnlySpan<RecordPosition> records, int partition, long first, long last)
    {
        var tally = new IdTally(0, 0, 0);
        lock (_gate)
        {
            if (first < _knownFrom)
            {
                return null;
            }

            int at = LowerBound(first);
            if (at == _count || At(at).Offset > last)
            {
                return tally;
            }

            foreach (RecordPosition record in records)
            {
                while (at < _count && At(at).Offset < record.Offset && record.Partition == partition)
                {
                    at++;
                }

                if (at < _count && record.Partition == partition && At(at).Offset == record.Offset)
                {
                    tally += At(at).Tally;
                }
            }
        }

        return tally;
    }

    private ref readonly Entry At(int index) => ref _ring[(_first + index) % _ring.Length];

    private int LowerBound(long offset)
    {
        int low = 0, high = _count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = At(middle).Offset < offset ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private void MakeRoom()
    {
        if (_ring.Length == IdVerdicts.CountMax)
        {
            _knownFrom = At(0).Offset + 1;
            _first = (_first + 1) % _ring.Length;
            _count--;
            return;
        }

        var larger = new Entry[Math.Max(64, _ring.Length * 2)];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = At(i);
        }

        (_ring, _first) = (larger, 0);
    }

    private readonly record struct Entry(long Offset, IdVerdict Verdict, bool IsElsewhere)
    {
        internal IdTally Tally => new(
            Verdict == IdVerdict.Duplicate ? 1 : 0, Verdict == IdVerdict.Conflict ? 1 : 0, IsElsewhere ? 1 : 0);
    }
}

/// <summary>What producers' ids tell of some events.</summary>
/// <param name="Duplicates">Those left out as retries.</param>
/// <param name="Conflicts">Those put to the dead letters, since their id is taken by other content.</param>
/// <param name="Elsewhere">Those whose id another partition of the topic has: they count all the same.</param>
public readonly record struct IdTally(int Duplicates, int Conflicts, int Elsewhere)
{
    /// <summary>Both together.</summary>
    public static IdTally operator +(IdTally a, IdTally b) =>
        new(a.Duplicates + b.Duplicates, a.Conflicts + b.Conflicts, a.Elsewhere + b.Elsewhere);
}
