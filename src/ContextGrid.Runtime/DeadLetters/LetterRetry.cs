using System.Globalization;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>
/// Puts letters' records into the log again, each exactly once whatever fails in between, and whoever else retries
/// letters of the same topic. One call at a time.
/// </summary>
/// <remarks>
/// <para>1. A mark <c>retrying</c> names the partition and its end: the record can only be at or behind that offset.
/// 2. The topic is read again: of several processes that have begun, the one whose mark is first goes on. 3. The record
/// is appended, with the letter's number in a header. 4. A mark <c>retried</c> says where it is.</para>
/// <para>What ends between 1 and 4, by a crash or a fault of the log, leaves the letter <c>retrying</c>. Before
/// anything else is retried or discarded, <see cref="ResolveAsync"/> reads the partition from the noted offset to its
/// end: the record is there, and step 4 is made up for; or it is not, and a mark <c>open</c> takes step 1 back. It
/// relies on this: what was appended is visible or never becomes visible. So an append is never given up by its caller,
/// and the retry of another process is left alone for so long that its append has ended: step 3 begins within
/// <see cref="BeginMax"/> of step 1, an append takes <see cref="IEventLog.SharedAppendMax"/> at most, and clocks may
/// differ by <see cref="SkewMax"/>. Where an append breaks that bound, since its process or broker stood still, the
/// record is in its partition twice, and readers count the first: <see cref="RetriedLetters"/>.</para>
/// </remarks>
/// <param name="log">The log.</param>
/// <param name="index">Knows the retries that were cut off; up to date when a call begins.</param>
/// <param name="owner">Names this process, unlike all others.</param>
/// <param name="time">The clock of marks.</param>
internal sealed class LetterRetry(IEventLog log, LetterIndex index, string owner, TimeProvider time)
{
    /// <summary>The most time between the mark that a retry begins and its append.</summary>
    internal static readonly TimeSpan BeginMax = TimeSpan.FromSeconds(10);

    /// <summary>How far clocks of processes may differ.</summary>
    internal static readonly TimeSpan SkewMax = TimeSpan.FromSeconds(30);

    /// <summary>Whether another process retries a letter at this moment, as far as anybody can know.</summary>
    /// <param name="mark">The letter's newest mark.</param>
    internal bool IsRunningElsewhere(LetterMark mark) =>
        mark.State == LetterState.Retrying && mark.Owner != owner && log.SharedAppendMax is { } appendMax
        && NowMs - mark.TimeMs < (BeginMax + appendMax + SkewMax).TotalMilliseconds;

    /// <summary>Retries letters that are open.</summary>
    /// <param name="retries">The letters.</param>
    /// <param name="cancellationToken">Ends the call before it begins; what has begun is brought to its end.</param>
    /// <returns>Where the records are, in the order of the letters; null: another process was quicker.</returns>
    /// <exception cref="EventLogException">The log failed; the next call finds out how far this one came.</exception>
    internal async ValueTask<RecordPosition?[]> RetryAsync(
        IReadOnlyList<PreparedRetry> retries, CancellationToken cancellationToken)
    {
        (long nowMs, long began) = (NowMs, time.GetTimestamp());
        var intents = new LetterMark[retries.Count];
        for (int i = 0; i < retries.Count; i++)
        {
            LogRange range = await log.GetRangeAsync(retries[i].Partition, cancellationToken);
            intents[i] = Mark(retries[i].Entry, LetterState.Retrying, nowMs) with
            {
                Target = new RecordPosition(retries[i].Record.Partition, range.End),
                Hash = retries[i].Hash,
            };
        }

        RecordPosition[] at = await AppendAsync(intents);
        await index.CatchUpAsync(CancellationToken.None);
        HashSet<long> own = [.. index.Pending.Values.Where(m => m.Owner == owner).Select(m => m.Intent)];
        int[] first = [.. Enumerable.Range(0, at.Length).Where(i => own.Contains(at[i].Offset))];

        // A clock of intervals stands still while a machine is suspended; the clock of others does not.
        if (time.GetElapsedTime(began) > BeginMax || NowMs - nowMs > BeginMax.TotalMilliseconds)
        {
            throw new EventLogException(
                EventLogError.Unavailable, "The log was too slow to begin the retry; nothing was retried. Try again.");
        }

        var positions = new RecordPosition?[retries.Count];
        await AppendRecordsAsync(retries, first, positions);
        await AppendAsync(
        [
            .. first.Select(i => intents[i] with
            {
                State = LetterState.Retried,
                Target = positions[i]!.Value, // It was appended.
                Intent = at[i].Offset,
            }),
        ]);
        return positions;
    }

    /// <summary>Brings retries that were cut off to an end.</summary>
    /// <exception cref="EventLogException">The log can't be read or written; all stays as it is.</exception>
    internal async ValueTask ResolveAsync(CancellationToken cancellationToken)
    {
        var marks = new List<LetterMark>();
        foreach (IGrouping<TopicPartition, LetterMark> partition in index.Pending.Values
            .Where(m => !IsRunningElsewhere(m))
            .GroupBy(m => new TopicPartition(m.Source.Topic, m.Target.Partition)))
        {
            try
            {
                await FindAsync(
                    partition.Key, partition.ToDictionary(m => m.Letter), marks, cancellationToken);
            }
            catch (EventLogException e) when (e.Error == EventLogError.UnknownPartition)
            {
                // Without its topic nobody can tell: the letters stay as they are, and others go on.
            }
        }

        await AppendAsync([.. marks.Select(m => m with { Owner = owner })]);
        if (marks.Count > 0)
        {
            await index.CatchUpAsync(CancellationToken.None);
        }
    }

    /// <summary>Appends marks, all of them or as many as the log took before it failed.</summary>
    /// <returns>Where they are.</returns>
    internal async ValueTask<RecordPosition[]> AppendAsync(IReadOnlyList<LetterMark> marks)
    {
        var positions = new RecordPosition[marks.Count];
        if (marks.Count > 0)
        {
            LogRecord[] records = [.. marks.Select(m => m.Encode())];
            await log.AppendAsync(DeadLetterTopic.Name, records, positions, CancellationToken.None);
        }

        return positions;
    }

    /// <summary>A mark of this process about a letter.</summary>
    internal LetterMark Mark(DeadLetterEntry entry, LetterState state, long nowMs) =>
        new(state, entry.Id, entry.Letter.Source, entry.Letter.Offset, nowMs) { Owner = owner };

    private async ValueTask AppendRecordsAsync(
        IReadOnlyList<PreparedRetry> retries, int[] which, RecordPosition?[] positions)
    {
        // All topics at once: one after the other, the last would begin when others take its retry for dead.
        await Task.WhenAll(which.GroupBy(i => retries[i].Partition.Topic, StringComparer.Ordinal).Select(async topic =>
        {
            int[] at = [.. topic];
            LogRecord[] records = [.. at.Select(i => retries[i].Record)];
            var taken = new RecordPosition[at.Length];
            await log.AppendAsync(topic.Key, records, taken, CancellationToken.None);
            for (int i = 0; i < at.Length; i++)
            {
                positions[at[i]] = taken[i];
            }
        }));
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    // Decides about those whose record is there, and those whose record would be seen if it were.
    private async ValueTask FindAsync(
        TopicPartition partition,
        Dictionary<long, LetterMark> sought,
        List<LetterMark> marks,
        CancellationToken cancellationToken)
    {
        LogRange range = await log.GetRangeAsync(partition, cancellationToken);
        long from = Math.Min(sought.Values.Min(m => m.Target.Offset), range.End);
        await using var scan = new LogScan(log, partition, from, range.End);
        while (sought.Count > 0 && await scan.ReadAsync(cancellationToken))
        {
            for (int i = 0; i < scan.Count; i++)
            {
                if (LogHeaders.TryFind(scan.Batch.Headers(i), "contextgrid.retry.of"u8, out ReadOnlySpan<byte> of)
                    && long.TryParse(of, CultureInfo.InvariantCulture, out long letter)
                    && sought.TryGetValue(letter, out LetterMark? intent)
                    && StableHash.Of(scan.Batch.Value(i)) == intent.Hash)
                {
                    sought.Remove(letter);
                    var found = new RecordPosition(partition.Partition, scan.Batch[i].Offset);
                    marks.Add(intent with { State = LetterState.Retried, Target = found, TimeMs = NowMs });
                }
            }
        }

        // Where the log no longer has the place, "not found" says nothing, and the letter stays as it is.
        long start = (await log.GetRangeAsync(partition, cancellationToken)).Start;
        marks.AddRange(sought.Values
            .Where(m => m.Target.Offset >= start)
            .Select(m => m with { State = LetterState.Open, TimeMs = NowMs }));
    }
}
