using System.Text;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Services;

/// <summary>AdminService's dead letters: lists, shows, retries and discards them. Thread-safe.</summary>
/// <param name="letters">Deals with them.</param>
internal sealed class DeadLetterHandlers(DeadLetterService letters)
{
    /// <summary>The longest text that letters are searched for, bytes.</summary>
    internal const int ContainsBytesMax = 1024;

    private const int LimitDefault = 100;

    internal async ValueTask<ListDeadLettersResponse> ListAsync(
        ListDeadLettersRequest request, CancellationToken cancellationToken)
    {
        ContextRequests.Require(
            !request.HasLimit || request.Limit is > 0 and <= DeadLetterService.LimitMax,
            "limit",
            $"it must be within 1 and {DeadLetterService.LimitMax}");
        ContextRequests.Require(request.Before >= 0, "before", "it must not be negative");
        int limit = request.HasLimit ? request.Limit : LimitDefault;
        long? before = request.HasBefore ? request.Before : null;
        DeadLetterPage page = await letters.ListAsync(Filter(request), before, limit, cancellationToken)
            .ConfigureAwait(false);
        var response = new ListDeadLettersResponse
        {
            Total = page.Counts.Total,
            Open = page.Counts.Open,
            Retrying = page.Counts.Retrying,
            Retried = page.Counts.Retried,
            Discarded = page.Counts.Discarded,
            Untracked = page.Counts.Untracked,
        };
        if (page.NextBefore is { } next)
        {
            response.NextBefore = next;
        }

        response.DeadLetters.AddRange(page.Entries.Select(e => DeadLetterWire.Letter(e, isWhole: false)));
        return response;
    }

    internal async ValueTask<DeadLetter> GetAsync(GetDeadLetterRequest request, CancellationToken cancellationToken)
    {
        DeadLetterEntry? entry = await letters.GetAsync(request.Id, cancellationToken).ConfigureAwait(false);
        return entry is not null
            ? DeadLetterWire.Letter(entry, isWhole: true)
            : throw new GrpcException(
                GrpcStatus.NotFound,
                $"There is no dead letter {request.Id}: it was never written, or retention has removed it.",
                GrpcErrorDetails.ErrorInfo("UNKNOWN_DEAD_LETTER"));
    }

    internal async ValueTask<RetryDeadLettersResponse> RetryAsync(
        RetryDeadLettersRequest request, CancellationToken cancellationToken)
    {
        RequireSome(request.Letters.Count, DeadLetterService.RetryMax, "letters");
        RetryItem[] items =
        [
            .. request.Letters.Select(l => new RetryItem(l.Id, l.HasPayload ? l.Payload.ToByteArray() : null)),
        ];
        IReadOnlyList<RetryOutcome> outcomes = await letters.RetryAsync(items, request.DryRun, cancellationToken)
            .ConfigureAwait(false);
        var response = new RetryDeadLettersResponse();
        response.Outcomes.AddRange(outcomes.Select(DeadLetterWire.Outcome));
        return response;
    }

    internal async ValueTask<DiscardDeadLettersResponse> DiscardAsync(
        DiscardDeadLettersRequest request, CancellationToken cancellationToken)
    {
        RequireSome(request.Ids.Count, DeadLetterService.DiscardMax, "ids");
        ContextRequests.Require(
            request.Note.Length <= DeadLetterService.NoteCharsMax,
            "note",
            $"it must not be longer than {DeadLetterService.NoteCharsMax} characters");
        IReadOnlyList<DiscardOutcome> outcomes = await letters
            .DiscardAsync(request.Ids, request.Note, cancellationToken).ConfigureAwait(false);
        var response = new DiscardDeadLettersResponse();
        response.Outcomes.AddRange(outcomes.Select(o => new DeadLetterDiscardOutcome
        {
            Id = o.Letter,
            Discarded = o.IsDiscarded,
            Reason = o.Reason,
            Message = o.Message,
        }));
        return response;
    }

    private static void RequireSome(int count, int most, string field)
    {
        ContextRequests.Require(count > 0, field, "name at least one dead letter");
        ContextRequests.Require(
            count <= most, field, $"{count} dead letters are in one call; at most {most} are taken");
    }

    private static DeadLetterFilter Filter(ListDeadLettersRequest request)
    {
        byte[] contains = Encoding.UTF8.GetBytes(request.Contains);
        ContextRequests.Require(
            contains.Length <= ContainsBytesMax, "contains", $"it must not be longer than {ContainsBytesMax} bytes");
        return new DeadLetterFilter
        {
            Topic = request.Topic.Length == 0 ? null : request.Topic,
            Reason = request.Reason.Length == 0 ? null : request.Reason,
            SinceMs = request.HasSinceMs ? request.SinceMs : long.MinValue,
            UntilMs = request.HasUntilMs ? request.UntilMs : long.MaxValue,
            Contains = contains,
            States = request.States.Count == 0
                ? LetterStates.Undecided
                : LetterStates.Of([.. request.States.Select(DeadLetterWire.State)]),
        };
    }
}
