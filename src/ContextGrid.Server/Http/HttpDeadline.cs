using System.Globalization;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Http;

/// <summary>The deadline of a request: gRPC carries one, HTTP doesn't, so <c>?timeout_ms=</c> or a default stands in.
/// </summary>
internal static class HttpDeadline
{
    /// <summary>The default: longer than any healthy answer, shorter than what people and proxies wait.</summary>
    internal const int DefaultMs = 10_000;

    /// <summary>The longest that can be asked for.</summary>
    internal const int MaxMs = 60_000;

    /// <summary>Runs a handler under the request's deadline.</summary>
    /// <exception cref="GrpcException">DEADLINE_EXCEEDED; INVALID_ARGUMENT: the time-out is wrong.</exception>
    internal static async ValueTask<T> RunAsync<T>(
        HttpContext http, TimeProvider time, Func<CancellationToken, ValueTask<T>> handler)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(TimeoutMs(http)), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, http.RequestAborted);
        try
        {
            T answer = await handler(either.Token).ConfigureAwait(false);
            return deadline.IsCancellationRequested ? throw Late() : answer;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw Late();
        }
    }

    private static GrpcException Late()
    {
        GrpcOutcome outcome = GrpcErrors.DeadlineExceeded;
        return new GrpcException(outcome.Status, outcome.Message);
    }

    private static int TimeoutMs(HttpContext http)
    {
        string text = http.Request.Query["timeout_ms"].ToString();
        if (text.Length == 0)
        {
            return DefaultMs;
        }

        bool valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int timeoutMs)
            && timeoutMs is >= 1 and <= MaxMs;
        ContextRequests.Require(valid, "timeout_ms", $"it must be a number within 1 and {MaxMs}");
        return timeoutMs;
    }
}
