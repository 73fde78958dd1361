using ContextGrid.Cli.Output;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.Cli.DeadLetters;

/// <summary>Retries letters, as they are in batches or edited one by one, and tells what became of each.</summary>
/// <param name="client">The server.</param>
/// <param name="console">Where it is told, and where a person answers.</param>
/// <param name="plan">How.</param>
public sealed class LetterRetries(ContextGridClient client, CliConsole console, RetryPlan plan)
{
    // What the server takes in one call.
    private const int BatchMax = 100;

    // Refusals that no other payload would change.
    private static readonly string[] NotAboutThePayload =
    [
        "already_retried", "decided_elsewhere", "same_record", "uncertain", "unknown_topic", "unknown_dead_letter",
    ];

    private readonly long _started = console.Clock.GetTimestamp();
    private readonly RetryTally _tally = new();
    private long _sent;

    /// <summary>Retries all.</summary>
    /// <returns>What became of them.</returns>
    /// <exception cref="ContextGridException">The server failed; what was told is done, and the rest is as it was, or
    /// is found out by the next retry.</exception>
    public async Task<RetryTally> RunAsync(IAsyncEnumerable<long> ids, CancellationToken cancellation)
    {
        // A slow rate means small batches, so that a second has as many as were asked for.
        var most = plan.LettersPerSecondMax == 0 ? BatchMax : Math.Clamp(plan.LettersPerSecondMax / 10, 1, BatchMax);
        if (plan.Edit)
        {
            await foreach (var id in ids.WithCancellation(cancellation))
                await EditAsync(id, cancellation);
            return _tally;
        }

        await foreach (var batch in ids.Chunk(most).WithCancellation(cancellation))
        {
            foreach (var outcome in await SendAsync(batch.Select(id => new DeadLetterRetry { Id = id }), cancellation))
                Tell(outcome);
        }

        return _tally;
    }

    private async Task EditAsync(long id, CancellationToken cancellation)
    {
        var letter = await client.GetDeadLetterAsync(id, cancellation);
        if (letter.State is DeadLetterState.Retried or DeadLetterState.SameRecord)
        {
            // The server says why it can't be retried; nobody edits in vain.
            Tell((await SendAsync([new DeadLetterRetry { Id = id }], cancellation))[0]);
            return;
        }

        var payload = letter.Payload.ToByteArray();
        var editor = new PayloadEditor(console);
        console.Error.WriteLine($"{id}: {letter.Reason}: {Units.Printable(letter.Message)}");
        while (true)
        {
            var edited = await editor.EditAsync(id, payload, cancellation);
            var isSame = edited.AsSpan().SequenceEqual(letter.Payload.Span);
            var retry = new DeadLetterRetry { Id = id };
            if (!isSame)
                retry.Payload = ByteString.CopyFrom(edited);
            var outcome = (await SendAsync([retry], cancellation))[0];
            var isLast = outcome.Result != DeadLetterRetryResult.RetryRefused || isSame
                || NotAboutThePayload.Contains(outcome.Reason);
            if (isLast || !AskAgain(outcome))
            {
                Tell(outcome);
                return;
            }

            payload = edited;
        }
    }

    private bool AskAgain(DeadLetterRetryOutcome outcome)
    {
        console.Error.WriteLine($"{outcome.Id}: {outcome.Reason}: {Units.Printable(outcome.Message)}");
        console.Error.Write("Edit it again? [y/N] ");
        console.Error.Flush();
        return console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private async Task<IReadOnlyList<DeadLetterRetryOutcome>> SendAsync(
        IEnumerable<DeadLetterRetry> letters, CancellationToken cancellation)
    {
        DeadLetterRetry[] batch = [.. letters];
        if (plan.LettersPerSecondMax > 0)
        {
            var ahead = TimeSpan.FromSeconds((double)_sent / plan.LettersPerSecondMax)
                - console.Clock.GetElapsedTime(_started);
            if (ahead > TimeSpan.Zero)
                await Task.Delay(ahead, console.Clock, cancellation);
        }

        _sent += batch.Length;
        return await client.RetryDeadLettersAsync(batch, plan.DryRun, cancellation);
    }

    private void Tell(DeadLetterRetryOutcome outcome)
    {
        _tally.Add(outcome);
        if (plan.Json)
            MessageJson.Write(console.Out, outcome);
        else
            console.Out.WriteLine(DeadLetterText.Outcome(outcome));
    }
}

/// <summary>How letters are retried.</summary>
/// <param name="Edit">Each is edited before.</param>
/// <param name="LettersPerSecondMax">The highest rate; 0: as fast as they are taken.</param>
/// <param name="DryRun">Nothing is changed.</param>
/// <param name="Json">Outcomes are told to a program.</param>
public sealed record RetryPlan(bool Edit, int LettersPerSecondMax, bool DryRun, bool Json);

/// <summary>What became of letters that were retried.</summary>
public sealed class RetryTally
{
    private readonly SortedDictionary<DeadLetterRetryResult, long> _counts = [];

    /// <summary>Whether some letter is not where it was wanted: refused, or a dead letter again.</summary>
    public bool HasFailures => _counts.ContainsKey(DeadLetterRetryResult.RetryRefused)
        || _counts.ContainsKey(DeadLetterRetryResult.RetryConflict);

    /// <summary>Counts one.</summary>
    public void Add(DeadLetterRetryOutcome outcome) =>
        _counts[outcome.Result] = _counts.GetValueOrDefault(outcome.Result) + 1;

    /// <summary>Such as "2 applied, 1 refused".</summary>
    public override string ToString() => _counts.Count == 0
        ? "No letter matches."
        : string.Join(", ", _counts.Select(c => $"{Units.Count(c.Value)} {DeadLetterText.Result(c.Key)}")) + ".";
}
