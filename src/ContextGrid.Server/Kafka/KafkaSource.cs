using ContextGrid.Adapters.Kafka;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Server.Kafka;

/// <summary>What a server has of Kafka, if its events are there. Owned by the server; ends after its host.</summary>
/// <param name="read">Reads the settings; null: events are in the built-in log.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">Makes the loggers.</param>
internal sealed class KafkaSource(Func<KafkaOptions>? read, TimeProvider time, ILoggerFactory loggers)
    : IAsyncDisposable
{
    private KafkaOptions? _options;
    private KafkaGroupOffsets? _group;

    /// <summary>Opens the log; null: it is the built-in one.</summary>
    internal Func<CancellationToken, ValueTask<IEventLog>>? Log => read is null ? null : async token =>
    {
        _options = read();
        return await KafkaEventLog.OpenAsync(
            _options, time, loggers.CreateLogger<KafkaEventLog>(), token).ConfigureAwait(false);
    };

    /// <summary>Writes the group's offsets from now on, if there is a group.</summary>
    internal void Begin(EmbeddedHost host)
    {
        if (_options is { Group.Length: > 0 } options)
        {
            _group = new KafkaGroupOffsets(
                options, () => host.Checkpoint.Content.Sources, host.Metrics.Meter, time,
                loggers.CreateLogger<KafkaGroupOffsets>());
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _group?.DisposeAsync() ?? ValueTask.CompletedTask;
}
