using ContextGrid.Contracts.V1;
using ContextGrid.Server.Http.Json;
using ContextGrid.Server.Limits;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Http;

/// <summary>Sends the changes of a watch as server-sent events. The id of an event is the resume token, which browsers
/// send back by themselves after a break.
/// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html.</summary>
internal sealed class SseWatchSink(HttpContext http) : IWatchSink, IDisposable
{
    // Changes and signs of life come from two loops.
    private readonly SemaphoreSlim _turn = new(1);

    /// <inheritdoc/>
    public async ValueTask BeginAsync()
    {
        http.Response.ContentType = WatchRoute.ContentType;
        http.Response.Headers.CacheControl = "no-store";
        await WriteAsync("retry: 2000\n\n", http.RequestAborted).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(WatchContextResponse response)
    {
        // JSON of protobuf's formatter has no line breaks outside of texts, and inside they are escaped.
        string text = $"id: {response.ResumeToken.ToBase64()}\nevent: context\n"
            + $"data: {ProtoJson.Format(response.Context)}\n\n";
        await WriteAsync(text, http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Sends a comment, so that a dead connection is found and proxies keep a quiet one.</summary>
    internal Task BeatAsync(CancellationToken cancellationToken) => WriteAsync(": alive\n\n", cancellationToken);

    /// <summary>Says why a watch ends that had begun.</summary>
    internal Task FailAsync(in HttpProblem problem) =>
        WriteAsync($"event: error\ndata: {HttpErrors.ToJson(problem)}\n\n", http.RequestAborted);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task WriteAsync(string text, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await HttpBudget.WriteAsync(http, text, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }
}
