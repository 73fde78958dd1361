using System.Globalization;
using ContextGrid.Contracts.V1;
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
            Limit = (int)Number(query, "limit", int.MaxValue),
            Topic = query["topic"].ToString(),
            Reason = query["reason"].ToString(),
            SinceMs = Number(query, "since_ms", long.MaxValue),
            UntilMs = Number(query, "until_ms", long.MaxValue),
            Contains = query["contains"].ToString(),
            Before = Number(query, "before", long.MaxValue),
        };
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

    private static long Number(IQueryCollection query, string name, long most)
    {
        string text = query[name].ToString();
        long number = 0;
        ContextRequests.Require(
            text.Length == 0
                || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most),
            name,
            "it must be a number, not negative");
        return number;
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
