using ContextGrid.Runtime.Diagnostics;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>Makes the dead letters of a batch durable before the partition's position passes them (I6).</summary>
/// <param name="sink">Where they go.</param>
/// <param name="metrics">Counts them.</param>
internal sealed class DeadLetterWriter(IDeadLetterSink sink, GridMetrics metrics)
{
    /// <summary>
    /// Writes dead letters together. Those that fail are tried again right here: the batch itself is applied, and its
    /// ids are taken by now, so that reading it once more would judge its events by themselves.
    /// </summary>
    /// <param name="letters">The dead letters.</param>
    /// <param name="waitToRetry">Shows a fault and waits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async ValueTask WriteAsync(
        List<DeadLetter> letters,
        Func<string, CancellationToken, Task> waitToRetry,
        CancellationToken cancellationToken)
    {
        List<DeadLetter> waiting = letters.Count == 0 ? letters : [.. letters];
        while (waiting.Count > 0)
        {
            Task[] writes = [.. waiting.Select(l => sink.WriteAsync(l, cancellationToken).AsTask())];
            try
            {
                await Task.WhenAll(writes);
                waiting = [];
            }
            catch (EventLogException e) when (e.Error != EventLogError.Corrupt)
            {
                waiting = [.. waiting.Where((_, i) => !writes[i].IsCompletedSuccessfully)];
                await waitToRetry(e.Message, cancellationToken);
            }
        }

        foreach (DeadLetter letter in letters)
        {
            metrics.CountDeadLetter(letter.Source.Topic, letter.Reason);
        }
    }
}
