using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>
/// Where operators deal with dead letters: looks them up, retries and discards them. Works on any log that has the
/// dead-letter topic. Calls take turns, and the order of the topic decides between several processes, so that
/// of two retries of one letter the second is told. Thread-safe.
/// </summary>
public sealed class DeadLetterService
{
    /// <summary>The most letters that one listing returns.</summary>
    public const int LimitMax = 1000;

    /// <summary>The most letters of one retry: a call takes as long as a few appends.</summary>
    public const int RetryMax = 100;

    /// <summary>The most letters of one discard.</summary>
    public const int DiscardMax = 1000;

    /// <summary>The longest note of a discard, characters.</summary>
    public const int NoteCharsMax = 1000;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly LetterIndex _index;
    private readonly LetterReader _reader;
    private readonly LetterRetry _retry;
    private readonly RetryRound _round;
    private readonly RetryFollower _follower;
    private readonly DeadLetterMetrics _metrics;
    private readonly TimeProvider _time;

    /// <summary>Makes the service; it reads nothing before it is used.</summary>
    /// <param name="log">Has the topic <see cref="Embedded.DeadLetterTopic.Name"/>.</param>
    /// <param name="validator">Checks what is to be retried.</param>
    /// <param name="progress">How far the source partitions are applied.</param>
    /// <param name="verdicts">What ingestion knows of records by their ids.</param>
    /// <param name="owner">Names this process to people, unlike all others that ever decide about the topic.</param>
    /// <param name="meter">Takes the counters.</param>
    /// <param name="time">The clock of marks and waits.</param>
    public DeadLetterService(
        IEventLog log,
        EventValidator validator,
        ImmutableArray<PartitionProgress> progress,
        IdVerdicts verdicts,
        string owner,
        Meter meter,
        TimeProvider time)
    {
        (_time, _metrics, _index) = (time, new DeadLetterMetrics(meter), new LetterIndex(log));
        _follower = new RetryFollower(progress, verdicts, time);
        _reader = new LetterReader(log, _index);
        _retry = new LetterRetry(log, _index, owner, time);
        _round = new RetryRound(_reader, new RetryPreparation(log, validator), _retry, _metrics);
    }

    /// <summary>Letters of a filter, newest first, without payloads.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">Only letters with smaller numbers; null: all.</param>
    /// <param name="limit">At most so many, 1 to <see cref="LimitMax"/>. There may be more though fewer are found:
    /// see <see cref="DeadLetterPage.NextBefore"/>.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    public async ValueTask<DeadLetterPage> ListAsync(
        DeadLetterFilter filter, long? before, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, LimitMax);
        using IDisposable turn = await TakeTurnAsync(cancellationToken);
        return await _reader.ListAsync(filter, before, limit, cancellationToken);
    }

    /// <summary>One letter, with its payload and what was decided about it; null: there is none of this number.
    /// </summary>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    public async ValueTask<DeadLetterEntry?> GetAsync(long id, CancellationToken cancellationToken)
    {
        using IDisposable turn = await TakeTurnAsync(cancellationToken);
        return await _reader.GetAsync(id, cancellationToken);
    }

    /// <summary>How many letters are kept.</summary>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    public async ValueTask<DeadLetterCounts> CountAsync(CancellationToken cancellationToken)
    {
        using IDisposable turn = await TakeTurnAsync(cancellationToken);
        return _reader.Counts();
    }

    /// <summary>
    /// Checks letters and puts the good ones' records into their topic again, each once, whatever fails in between;
    /// then waits a moment for them to be applied. A letter that is open or discarded can be retried.
    /// </summary>
    /// <param name="items">The letters; at most <see cref="RetryMax"/>.</param>
    /// <param name="dryRun">Only checks.</param>
    /// <param name="cancellationToken">Ends the call between two appends; a retry that has begun is finished.</param>
    /// <returns>What became of each, in their order.</returns>
    /// <exception cref="EventLogException">The log failed. What was done is kept, and the same call again does the
    /// rest: nothing counts twice.</exception>
    public async ValueTask<IReadOnlyList<RetryOutcome>> RetryAsync(
        IReadOnlyList<RetryItem> items, bool dryRun, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(items.Count, RetryMax);
        var outcomes = new RetryOutcome[items.Count];
        using (await TakeTurnAsync(cancellationToken))
        {
            if (!dryRun)
            {
                await _retry.ResolveAsync(cancellationToken);
            }

            await _round.RunAsync(items, outcomes, dryRun, cancellationToken);
        }

        await _follower.FollowAsync(outcomes, cancellationToken);
        return outcomes;
    }

    /// <summary>Notes that letters are not needed. Their records stay.</summary>
    /// <param name="ids">The letters; at most <see cref="DiscardMax"/>.</param>
    /// <param name="note">Why; at most <see cref="NoteCharsMax"/> characters.</param>
    /// <param name="cancellationToken">Ends the call before it begins.</param>
    /// <returns>What became of each, in their order.</returns>
    /// <exception cref="EventLogException">The log failed; some may be discarded.</exception>
    public async ValueTask<IReadOnlyList<DiscardOutcome>> DiscardAsync(
        IReadOnlyList<long> ids, string note, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ids.Count, DiscardMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(note.Length, NoteCharsMax);
        using IDisposable turn = await TakeTurnAsync(cancellationToken);
        await _retry.ResolveAsync(cancellationToken);
        long nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var outcomes = new DiscardOutcome[ids.Count];
        var marks = new List<LetterMark>();
        await using LetterLookup lookup = _reader.LookUp();
        foreach (int i in Enumerable.Range(0, ids.Count).OrderBy(i => ids[i]))
        {
            DeadLetterEntry? entry = await lookup.GetAsync(ids[i], cancellationToken);
            (string reason, string message) = marks.Exists(m => m.Letter == ids[i])
                ? RetryRefusals.Twice
                : entry?.Mark is { } newest && _retry.IsRunningElsewhere(newest)
                    ? RetryRefusals.Running(newest)
                    : RetryRefusals.OfDiscard(ids[i], entry);
            outcomes[i] = new DiscardOutcome(ids[i], reason.Length == 0, reason, message);
            if (entry is not null && reason.Length == 0)
            {
                marks.Add(_retry.Mark(entry, LetterState.Discarded, nowMs) with
                {
                    Note = note,
                    Intent = entry is { State: LetterState.Retrying, Mark: { } intent } ? intent.Intent : -1,
                });
            }
        }

        await _retry.AppendAsync(marks);
        await _index.CatchUpAsync(cancellationToken);
        for (int i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i].IsDiscarded && _index.Slots.StateOf(ids[i]) != LetterState.Discarded)
            {
                (string reason, string message) = RetryRefusals.Overtaken;
                outcomes[i] = new DiscardOutcome(ids[i], false, reason, message);
            }
        }

        _metrics.CountDiscarded(outcomes.Count(o => o.IsDiscarded));
        return outcomes;
    }

    private async ValueTask<IDisposable> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        var turn = new Turn(_turn);
        try
        {
            await _index.CatchUpAsync(cancellationToken);
            return turn;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
