using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Runtime.Tests.DeadLetters;

/// <summary>A log that several processes append to. An append to the payments waits while it is held.</summary>
internal sealed class SharedLog(IEventLog log, Random? random = null) : ForwardingLog(log)
{
    private TaskCompletionSource? _held;

    public override TimeSpan? SharedAppendMax => TimeSpan.FromSeconds(5);

    /// <summary>Ends when an append waits.</summary>
    internal TaskCompletionSource Waits { get; } = new();

    /// <summary>Is called when a mark is in the topic.</summary>
    internal Action? Marked { get; set; }

    /// <summary>From now on an append to the payments waits until <see cref="Release"/>.</summary>
    internal void Hold() => _held = new TaskCompletionSource();

    internal void Release() => _held?.SetResult();

    public override async ValueTask AppendAsync(
        string topic,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken)
    {
        if (topic != DeadLetterTopic.Name && _held is { } held)
        {
            Waits.TrySetResult();
            await held.Task;
        }

        // Another one gets its turn.
        for (int turns = random?.Next(4) ?? 0; turns > 0; turns--)
        {
            await Task.Yield();
        }

        await base.AppendAsync(topic, records, positions, cancellationToken);
        if (topic == DeadLetterTopic.Name)
        {
            Marked?.Invoke();
        }
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
