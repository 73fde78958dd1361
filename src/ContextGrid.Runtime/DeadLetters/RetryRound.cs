using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>The letters of one retry: looks each up, checks it, and puts the good ones into the log together. One call
/// at a time.</summary>
/// <param name="reader">Reads letters.</param>
/// <param name="preparation">Checks them.</param>
/// <param name="retry">Puts them into the log.</param>
/// <param name="metrics">Counts them.</param>
internal sealed class RetryRound(
    LetterReader reader, RetryPreparation preparation, LetterRetry retry, DeadLetterMetrics metrics)
{
    /// <summary>The most bytes of payloads after which an append begins; the other letters of a call follow.</summary>
    internal const long AppendBytesMax = 8 * 1024 * 1024;

    /// <summary>Runs the letters through.</summary>
    /// <param name="items">The letters.</param>
    /// <param name="outcomes">Takes what became of each.</param>
    /// <param name="dryRun">Only checks.</param>
    /// <param name="cancellationToken">Ends the call between two appends.</param>
    internal async ValueTask RunAsync(
        IReadOnlyList<RetryItem> items, RetryOutcome[] outcomes, bool dryRun, CancellationToken cancellationToken)
    {
        var group = new List<(int At, PreparedRetry Retry)>();
        var named = new HashSet<long>();
        long bytes = 0;
        await using LetterLookup lookup = reader.LookUp();
        int left = items.Count;
        foreach (int i in Enumerable.Range(0, items.Count).OrderBy(i => items[i].Letter))
        {
            left--;
            (PreparedRetry? prepared, outcomes[i]) = named.Add(items[i].Letter)
                ? await PrepareAsync(lookup, items[i], cancellationToken)
                : (null, Refused(items[i].Letter, RetryRefusals.Twice));
            if (prepared is not null && !dryRun)
            {
                group.Add((i, prepared));
                bytes += prepared.Record.Value.Length;
            }

            if (group.Count > 0 && (bytes >= AppendBytesMax || left == 0))
            {
                await AppendAsync(group, outcomes, cancellationToken);
                group.Clear();
                bytes = 0;
            }
        }

        foreach (RetryOutcome outcome in outcomes.Where(o => o.Result == RetryResult.Refused && !dryRun))
        {
            metrics.CountRefused(outcome.Reason);
        }
    }

    private async ValueTask AppendAsync(
        List<(int At, PreparedRetry Retry)> group, RetryOutcome[] outcomes, CancellationToken cancellationToken)
    {
        RecordPosition?[] positions = await retry.RetryAsync([.. group.Select(g => g.Retry)], cancellationToken);
        for (int i = 0; i < group.Count; i++)
        {
            PreparedRetry prepared = group[i].Retry;
            if (positions[i] is not { } position)
            {
                outcomes[group[i].At] = Refused(prepared.Entry.Id, RetryRefusals.Overtaken);
                continue;
            }

            metrics.CountRetried(prepared.Partition.Topic);
            outcomes[group[i].At] = new RetryOutcome(
                prepared.Entry.Id, RetryResult.Waiting, "", "It is in the log and waits to be applied.")
            {
                Topic = prepared.Partition.Topic,
                Position = position,
            };
        }
    }

    private async ValueTask<(PreparedRetry? Retry, RetryOutcome Outcome)> PrepareAsync(
        LetterLookup lookup, RetryItem item, CancellationToken cancellationToken)
    {
        DeadLetterEntry? entry = await lookup.GetAsync(item.Letter, cancellationToken);
        (string Reason, string Message) refusal = entry?.Mark is { } newest && retry.IsRunningElsewhere(newest)
            ? RetryRefusals.Running(newest)
            : RetryRefusals.Of(item.Letter, entry);
        if (entry is not null && refusal.Reason.Length == 0)
        {
            return await preparation.PrepareAsync(entry, item.Payload, cancellationToken);
        }

        RetryOutcome outcome = Refused(item.Letter, refusal);
        return entry is { State: LetterState.Retried, Mark: { } mark }
            ? (null, outcome with { Topic = entry.Letter.Source.Topic, Position = mark.Target })
            : (null, outcome);
    }

    private static RetryOutcome Refused(long letter, (string Reason, string Message) why) =>
        new(letter, RetryResult.Refused, why.Reason, why.Message);
}
