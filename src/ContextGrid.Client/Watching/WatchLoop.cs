using System.Runtime.CompilerServices;
using ContextGrid.Client.Transport;
using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.Client;

/// <summary>Keeps a watch going: opens the stream again where it broke.</summary>
/// <param name="channel">The connection.</param>
/// <param name="retries">Says when it may be opened again.</param>
/// <param name="options">How many attempts in a row, and the clock.</param>
internal sealed class WatchLoop(GrpcChannel channel, RetryPolicy retries, ContextGridClientOptions options)
{
    /// <summary>Yields the present context, then every change.</summary>
    public async IAsyncEnumerable<ContextChange> RunAsync(
        WatchRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var token = ByteString.CopyFrom(request.ResumeToken.Span);
        for (var attempt = 1; ; attempt++)
        {
            var answers = channel.ServerStreamAsync(
                ContextGridMethods.WatchContext, request.ToMessage(token), cancellation);
            await using var reader = answers.GetAsyncEnumerator(cancellation);
            while (await MoveNextAsync(reader, attempt))
            {
                attempt = 1;
                token = reader.Current.ResumeToken;
                var context = new ContextResult(reader.Current.Context ?? new GetContextResponse());
                yield return new ContextChange(context, token.Memory);
            }

            await Task.Delay(retries.Wait(attempt), options.TimeProvider, cancellation);
        }
    }

    // False: the stream is over and may be opened again.
    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<WatchContextResponse> reader, int attempt)
    {
        try
        {
            if (await reader.MoveNextAsync())
                return true;
            if (attempt >= options.AttemptsMax)
                throw new ContextGridException(GrpcStatusCode.Unavailable, "The server ends the watch repeatedly.");
            return false;
        }
        catch (ContextGridException e) when (retries.MayRetry(e, true, attempt))
        {
            return false;
        }
    }
}
