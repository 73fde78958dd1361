using ContextGrid.Client.Transport;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Client;

/// <content>Dead letters: what could not be used, and what becomes of it.</content>
public sealed partial class ContextGridClient
{
    /// <summary>Lists dead letters, newest first, without their payloads.</summary>
    /// <param name="limit">At most so many: 1 to 1,000; null: the server's 100.</param>
    /// <param name="topic">Only of this source topic; empty: all.</param>
    /// <param name="reason">Only with this reason; empty: all.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public Task<ListDeadLettersResponse> ListDeadLettersAsync(
        int? limit = null, string topic = "", string reason = "", CancellationToken cancellation = default)
    {
        var request = new ListDeadLettersRequest { Topic = topic, Reason = reason };
        if (limit is { } most)
            request.Limit = most;
        return CallAsync(ContextGridMethods.ListDeadLetters, request, false, cancellation);
    }

    /// <summary>Gives one dead letter with its payload.</summary>
    /// <param name="id">Its position among the dead letters.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="ContextGridException">NotFound: there is none at this position.</exception>
    public Task<DeadLetter> GetDeadLetterAsync(long id, CancellationToken cancellation = default) =>
        CallAsync(ContextGridMethods.GetDeadLetter, new GetDeadLetterRequest { Id = id }, false, cancellation);

    /// <summary>Lists a page of dead letters of a filter, newest first, without their payloads.</summary>
    /// <param name="request">Which, and where the page begins.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="ContextGridException">InvalidArgument: the request says something that makes no sense.
    /// </exception>
    public Task<ListDeadLettersResponse> ListDeadLettersAsync(
        ListDeadLettersRequest request, CancellationToken cancellation = default) =>
        CallAsync(ContextGridMethods.ListDeadLetters, request, false, cancellation);

    /// <summary>Puts dead letters into their topic again, each exactly once; a bad one is refused alone.</summary>
    /// <param name="letters">1 to 100 letters, with other payloads where they were edited.</param>
    /// <param name="dryRun">Only checks.</param>
    /// <param name="cancellation">Cancels the call, whose outcome is then unknown; the same call again is safe.</param>
    /// <returns>What became of each, in their order.</returns>
    /// <exception cref="ContextGridException">ResourceExhausted, Unavailable: the log failed; the same call again does
    /// the rest.</exception>
    public async Task<IReadOnlyList<DeadLetterRetryOutcome>> RetryDeadLettersAsync(
        IEnumerable<DeadLetterRetry> letters, bool dryRun = false, CancellationToken cancellation = default)
    {
        var request = new RetryDeadLettersRequest { DryRun = dryRun };
        request.Letters.AddRange(letters);
        return (await CallAsync(ContextGridMethods.RetryDeadLetters, request, false, cancellation)).Outcomes;
    }

    /// <summary>Notes that dead letters are not needed; their records stay.</summary>
    /// <param name="ids">1 to 1,000 letters.</param>
    /// <param name="note">Why; at most 1,000 characters.</param>
    /// <param name="cancellation">Cancels the call, whose outcome is then unknown; the same call again is safe.</param>
    /// <returns>What became of each, in their order.</returns>
    /// <exception cref="ContextGridException">As of <see cref="RetryDeadLettersAsync"/>.</exception>
    public async Task<IReadOnlyList<DeadLetterDiscardOutcome>> DiscardDeadLettersAsync(
        IEnumerable<long> ids, string note = "", CancellationToken cancellation = default)
    {
        var request = new DiscardDeadLettersRequest { Note = note };
        request.Ids.AddRange(ids);
        return (await CallAsync(ContextGridMethods.DiscardDeadLetters, request, false, cancellation)).Outcomes;
    }
}
