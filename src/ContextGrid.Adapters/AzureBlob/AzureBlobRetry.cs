using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace ContextGrid.Adapters.AzureBlob;

/// <summary>
/// Tries requests again: exponential delays with jitter, a bounded number of them, and a limit for each attempt. The
/// library's own retries are off, because they would hide from a conditional put that an earlier attempt may have
/// succeeded. Thread-safe.
/// </summary>
internal sealed class AzureBlobRetry
{
    private readonly ResiliencePipeline _pipeline;

    /// <summary>Prepares the retries.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock for delays.</param>
    internal AzureBlobRetry(AzureBlobOptions options, TimeProvider time) =>
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = options.RetriesMax,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.DelayMin,
                MaxDelay = options.DelayMax,
                ShouldHandle = args => ValueTask.FromResult(
                    args.Outcome.Exception is { } e
                    && !args.Context.CancellationToken.IsCancellationRequested
                    && AzureBlobFailure.IsTransient(e)),
            })
            .AddTimeout(new TimeoutStrategyOptions { Timeout = options.AttemptMax })
            .Build();

    /// <summary>Runs a request until an attempt succeeds or fails for good.</summary>
    /// <param name="attempt">One attempt.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal ValueTask<T> RunAsync<T>(
        Func<CancellationToken, ValueTask<T>> attempt, CancellationToken cancellationToken) =>
        _pipeline.ExecuteAsync(attempt, cancellationToken);
}
