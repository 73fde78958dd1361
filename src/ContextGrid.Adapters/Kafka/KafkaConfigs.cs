using Confluent.Kafka;

namespace ContextGrid.Adapters.Kafka;

/// <summary>The configurations of the clients: the user's properties, and above them what exactness needs.</summary>
internal static class KafkaConfigs
{
    internal const int RecordBytesMax = 4 << 20;

    /// <summary>Makes a consumer.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="buffer">Takes key and value of each record.</param>
    /// <param name="fail">Is told what the client complains about.</param>
    /// <param name="isolation">Whether only committed records are seen, as everything that is applied must be.</param>
    internal static IConsumer<int, int> BuildConsumer(
        KafkaOptions options, RecordBuffer buffer, Action<Error> fail,
        IsolationLevel isolation = IsolationLevel.ReadCommitted) =>
        new ConsumerBuilder<int, int>(Consumer(options, isolation))
            .SetKeyDeserializer(buffer)
            .SetValueDeserializer(buffer)
            .SetErrorHandler((_, error) => fail(error))
            .SetLogHandler((_, _) => { })
            .Build();

    private static ConsumerConfig Consumer(KafkaOptions options, IsolationLevel isolation) => Secured(new ConsumerConfig
    {
        GroupId = options.Group.Length > 0 ? options.Group : "contextgrid", // The client wants one.

        // Positions are those of the checkpoint (I7), and what is gone is declared (I8): nothing may choose an offset
        // by itself.
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        AutoOffsetReset = AutoOffsetReset.Error,
        IsolationLevel = isolation,
        EnablePartitionEof = true,
        CheckCrcs = true,
        AllowAutoCreateTopics = false,
        FetchWaitMaxMs = 500,
        ReconnectBackoffMaxMs = 2_000,
        ConsumeResultFields = "headers,timestamp",

        // Of each partition; a pause throws them away. By default it fetches on a second after one is reached.
        QueuedMaxMessagesKbytes = 32 * 1024,
        QueuedMinMessages = 20_000,
        FetchQueueBackoffMs = 1,
    }, options);

    internal static ProducerConfig Producer(KafkaOptions options) => Secured(new ProducerConfig
    {
        Acks = Acks.All,
        EnableIdempotence = true,
        MessageMaxBytes = RecordBytesMax,
        MessageTimeoutMs = (int)options.Patience.TotalMilliseconds,
        LingerMs = 1,
        ReconnectBackoffMaxMs = 2_000,
    }, options);

    internal static AdminClientConfig Admin(KafkaOptions options) => Secured(new AdminClientConfig(), options);

    private static T Secured<T>(T config, KafkaOptions options) where T : ClientConfig
    {
        config.BootstrapServers = options.BootstrapServers;
        config.ClientId = "contextgrid";
        foreach ((string name, string value) in options.Properties)
        {
            config.Set(name, value);
        }

        return config;
    }
}
