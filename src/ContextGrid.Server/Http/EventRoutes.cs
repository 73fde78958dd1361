using System.Globalization;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Http.Json;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Http;

/// <summary><c>POST /v1/events/{topic}</c>: takes events in. Thread-safe.</summary>
/// <param name="ingest">The handler that gRPC uses as well.</param>
internal sealed class EventRoutes(IngestHandlers ingest)
{
    internal void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/events/{topic}", PublishAsync);

    private async Task PublishAsync(HttpContext http)
    {
        // The route has this parameter, so the value is there.
        string topic = (string)http.Request.RouteValues["topic"]!;
        bool keepInvalid = KeepsInvalid(http);
        EventMessage message = EventMessage.Of(http, ingest.FindEvent(topic));
        using RequestBody body = await RequestBody.ReadAsync(http).ConfigureAwait(false);
        List<PublishItem> events = EventSplitter.Split(body.Content, message);
        if (events.Count == 0 && ingest.FindEvent(topic) is not null)
        {
            await ProtoJson.WriteAsync(http, new PublishResponse()).ConfigureAwait(false);
            return;
        }

        PublishResponse response;
        try
        {
            response = await ingest.PublishInTurnAsync(topic, events, keepInvalid, http.RequestAborted)
                .ConfigureAwait(false);
        }
        catch
        {
            // The wait ended early; the log may still read the bytes.
            body.Keep();
            throw;
        }

        RefuseEmpty(response, keepInvalid);
        await ProtoJson.WriteAsync(http, response).ConfigureAwait(false);
    }

    // A producer that looks only at the HTTP status must not take "nothing was taken" for a success.
    private static void RefuseEmpty(PublishResponse response, bool keepInvalid)
    {
        if (response.Accepted > 0 || keepInvalid)
        {
            return;
        }

        RefusedEvent first = response.Refused[0];
        string which = response.Refused.Count == 1
            ? "The event was refused"
            : string.Create(
                CultureInfo.InvariantCulture, $"All {response.Refused.Count} events were refused, the first one");
        throw new GrpcException(
            GrpcStatus.InvalidArgument,
            $"{which}: {first.Message.TrimEnd('.')} ({first.Reason}).",
            GrpcErrorDetails.ErrorInfo("ALL_REFUSED"),
            response);
    }

    private static bool KeepsInvalid(HttpContext http)
    {
        string invalid = http.Request.Query["invalid"].ToString();
        ContextRequests.Require(
            invalid is "" or "refuse" or "dead-letter",
            "invalid",
            $"'{invalid}' is not known; 'refuse', the default, and 'dead-letter' are");
        return invalid == "dead-letter";
    }
}
