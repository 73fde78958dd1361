using ContextGrid.Runtime.Diagnostics;

namespace ContextGrid.Server.Limits;

/// <summary>What the requests of the HTTP port together may hold; every request has it among its features. Thread-safe.
/// </summary>
/// <param name="requests">Bytes of large bodies.</param>
/// <param name="responses">Bytes of large answers.</param>
/// <param name="time">The clock.</param>
internal sealed class HttpBudget(Limit requests, Limit responses, TimeProvider time)
{
    // Smaller ones are bounded by the number of connections.
    private const int UncountedChars = 64 * 1024;

    /// <summary>Bytes of large bodies.</summary>
    internal Limit Requests { get; } = requests;

    /// <summary>The clock.</summary>
    internal TimeProvider Time { get; } = time;

    /// <summary>Writes an answer, and waits while the client does not take it.</summary>
    /// <exception cref="LimitReachedException">Too much waits for clients already.</exception>
    internal static async Task WriteAsync(HttpContext http, string text, CancellationToken cancellationToken)
    {
        Limit? limit = text.Length > UncountedChars ? http.Features.Get<HttpBudget>()?.Responses : null;
        limit?.Take(text.Length);
        try
        {
            await http.Response.WriteAsync(text, cancellationToken).ConfigureAwait(false);
            await http.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            limit?.Give(text.Length);
        }
    }

    private Limit Responses { get; } = responses;
}
