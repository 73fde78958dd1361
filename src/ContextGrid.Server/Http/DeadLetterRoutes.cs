using System.Globalization;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Server.Http.Json;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Http;

/// <summary><c>/admin/v1/dead-letters</c>: the JSON twins of AdminService's dead letters. Thread-safe.</summary>
/// <param name="deadLetters">The handlers that gRPC uses as well.</param>
/// <param name="time">The clock of deadlines.</param>
internal sealed class DeadLetterRoutes(DeadLetterHandlers deadLetters, TimeProvider time)
{
    private static readonly DeadLetterState[] AllStates =
        [DeadLetterState.Open, DeadLetterState.Retrying, DeadLetterState.Retried, DeadLetterState.Discarded];

    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/admin/v1/dead-letters", ListAsync);
        routes.MapRead("/admin/v1/dead-letters/{id}", GetAsync);
        routes.MapPost("/admin/v1/dead-letters/retry", RetryAsync);
        routes.MapPost("/admin/v1/dead-letters/discard", DiscardAsync);
    }

    private async Task ListAsync(HttpContext http)
    {
        IQueryCollection query = http.Request.Query;
        var request = new ListDeadLettersRequest
        {
            Topic = query["topic"].ToString(),
            Reason = query["reason"].ToString(),
            Contains = query["contains"].ToString(),
        };
        SetNumbers(query, request);
        request.States.AddRange(States(query["state"].ToString()));
        ListDeadLettersResponse response = await HttpDeadline
            .RunAsync(http, time, token => deadLetters.ListAsync(request, token)).ConfigureAwait(false);
        await ProtoJson.WriteAsync(http, response).ConfigureAwait(false);
    }

    private async Task GetAsync(HttpContext http)
    {
        bool valid = long.TryParse(
            http.Request.RouteValues["id"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out long id);
        ContextRequests.Require(valid, "id", "it must be the number of a dead letter");
        DeadLetter letter = await HttpDeadline
            .RunAsync(http, time, token => deadLetters.GetAsync(new GetDeadLetterRequest { Id = id }, token))
            .ConfigureAwait(false);
        await ProtoJson.WriteAsync(http, letter).ConfigureAwait(false);
    }

    private async Task RetryAsync(HttpContext http)
    {
        var request = await ProtoJson.ReadAsync<RetryDeadLettersRequest>(http).ConfigureAwait(false);
        RetryDeadLettersResponse response = await HttpDeadline
            .RunAsync(http, time, token => deadLetters.RetryAsync(request, token)).ConfigureAwait(false);
        await ProtoJson.WriteAsync(http, response).ConfigureAwait(false);
    }

    private async Task DiscardAsync(HttpContext http)
    {
        var request = await ProtoJson.ReadAsync<DiscardDeadLettersRequest>(http).ConfigureAwait(false);
        DiscardDeadLettersResponse response = await HttpDeadline
            .RunAsync(http, time, token => deadLetters.DiscardAsync(request, token)).ConfigureAwait(false);
        await ProtoJson.WriteAsync(http, response).ConfigureAwait(false);
    }

    private static void SetNumbers(IQueryCollection query, ListDeadLettersRequest request)
    {
        if (query.ContainsKey("limit"))
        {
            request.Limit = (int)Number(query, "limit", int.MaxValue);
        }

        if (query.ContainsKey("before"))
        {
            request.Before = Number(query, "before", long.MaxValue);
        }

        if (query.ContainsKey("since_ms"))
        {
            request.SinceMs = Time(query, "since_ms");
        }

        if (query.ContainsKey("until_ms"))
        {
            request.UntilMs = Time(query, "until_ms");
        }
    }

    private static long Number(IQueryCollection query, string name, long most)
    {
        long number = 0;
        ContextRequests.Require(
            long.TryParse(query[name].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out number)
                && number <= most,
            name,
            "it must be a number, not negative");
        return number;
    }

    private static long Time(IQueryCollection query, string name)
    {
        bool isTime = TimeText.TryParse(query[name].ToString(), out long milliseconds, out string wrong);
        ContextRequests.Require(isTime, name, wrong);
        return milliseconds;
    }

    private static DeadLetterState[] States(string name)
    {
        ContextRequests.Require(
            name is "" or "open" or "retried" or "discarded" or "all",
            "state",
            "it must be open, retried, discarded or all");
        return name switch
        {
            "retried" => [DeadLetterState.Retried],
            "discarded" => [DeadLetterState.Discarded],
            "all" => AllStates,
            _ => [DeadLetterState.Open, DeadLetterState.Retrying],
        };
    }
}
