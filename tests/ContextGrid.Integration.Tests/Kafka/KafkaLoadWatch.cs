using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>Waits until a server works, so that a kill comes under load. One wait at a time.</summary>
internal sealed class KafkaLoadWatch
{
    private static readonly TimeSpan LoadTime = TimeSpan.FromSeconds(10);

    private volatile int _batches;

    /// <summary>Another server begins.</summary>
    internal void Reset() => _batches = 0;

    /// <summary>Waits for so many more acknowledged batches, but not for long: the broker may not be back yet.
    /// </summary>
    internal async Task UntilAsync(CrashLedger ledger, int batches)
    {
        int target = _batches + batches;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ledger.Acknowledged = count =>
        {
            _batches = count;
            if (count >= target)
            {
                reached.TrySetResult();
            }
        };
        await Task.WhenAny(reached.Task, Task.Delay(LoadTime));
        ledger.Acknowledged = null;
    }
}
