using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;
using TopicPartition = Confluent.Kafka.TopicPartition;

namespace ContextGrid.Adapters.Kafka;

/// <summary>Appends records with one idempotent producer, and answers when all replicas in sync have them.</summary>
internal sealed class KafkaAppender : IDisposable
{
    // A key and headers beside the largest value.
    private const int KeyBytesMax = 64 * 1024;

    private readonly KafkaOptions _options;
    private readonly Lock _gate = new();
    private Client _client;
    private int _roundRobin = -1;

    internal KafkaAppender(KafkaOptions options)
    {
        _options = options;
        _client = new Client(options);
    }

    /// <summary>Appends, as <see cref="IEventLog.AppendAsync"/> says.</summary>
    internal async ValueTask AppendAsync(
        string topic,
        int partitions,
        ReadOnlyMemory<LogRecord> records,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken)
    {
        Check(topic, partitions, records.Span);
        Client client = Rent();
        try
        {
            var group = new Delivery(records.Length, positions[..records.Length]);
            for (int i = 0; i < records.Length; i++)
            {
                if (!await ProduceAsync(client.Producer, topic, partitions, records, i, group, cancellationToken))
                {
                    break;
                }
            }

            if (await group.Done.WaitAsync(cancellationToken) is { } error)
            {
                throw KafkaFaults.Of(
                    client.Fatal ?? error,
                    $"Records can't be written to {topic} at {_options.BootstrapServers}",
                    KafkaRight.OnTopic(AclOperation.Write, topic));
            }
        }
        finally
        {
            Return(client);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Producer.Flush(TimeSpan.FromSeconds(5));
        _client.Producer.Dispose();
    }

    private Client Rent()
    {
        lock (_gate)
        {
            _client.Users++;
            return _client;
        }
    }

    // After a fatal error, such as a right that an idempotent producer lacks, a client refuses everything for ever.
    // The next one has another producer id: of what failed nothing is known to be written.
    private void Return(Client client)
    {
        lock (_gate)
        {
            client.Users--;
            if (client.Fatal is not null && client == _client)
            {
                _client = new Client(_options);
            }

            if (client == _client || client.Users > 0)
            {
                return;
            }
        }

        client.Producer.Dispose();
    }

    private static void Check(string topic, int partitions, ReadOnlySpan<LogRecord> records)
    {
        foreach (ref readonly LogRecord record in records)
        {
            if (partitions == 0 || record.Partition >= partitions)
            {
                throw new EventLogException(
                    EventLogError.UnknownPartition, $"There is no {topic}/{Math.Max(0, record.Partition)} in Kafka.");
            }

            if (record.Value.Length > JsonEventDecoder.PayloadBytesMax || record.Key.Length > KeyBytesMax)
            {
                throw new EventLogException(
                    EventLogError.RecordTooLarge,
                    $"A record of {topic} has {record.Value.Length} bytes and a key of {record.Key.Length}; "
                    + $"at most are {JsonEventDecoder.PayloadBytesMax} and {KeyBytesMax}.");
            }
        }
    }

    /// <summary>Hands a record to the producer, whose queue is bounded: full means wait.</summary>
    /// <returns>False: it was refused, and no further one may follow.</returns>
    private async ValueTask<bool> ProduceAsync(
        IProducer<byte[]?, byte[]> producer,
        string topic,
        int partitions,
        ReadOnlyMemory<LogRecord> records,
        int index,
        Delivery group,
        CancellationToken cancellationToken)
    {
        LogRecord record = records.Span[index];
        var target = new TopicPartition(topic, Choose(record, partitions));
        var message = new Message<byte[]?, byte[]>
        {
            Key = record.Key.IsEmpty ? null : record.Key.ToArray(),
            Value = record.Value.ToArray(),
            Timestamp = new Timestamp(record.TimestampMs, TimestampType.CreateTime),
            Headers = KafkaHeaders.Read(record.Headers.Span),
        };
        while (true)
        {
            try
            {
                producer.Produce(target, message, report => group.Deliver(index, report));
                return true;
            }
            catch (ProduceException<byte[]?, byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
            }
            catch (ProduceException<byte[]?, byte[]> e)
            {
                group.Abandon(records.Length - index, e.Error);
                return false;
            }
        }
    }

    private int Choose(in LogRecord record, int partitions) => record.Partition >= 0 ? record.Partition
        : record.Key.IsEmpty ? (int)((uint)Interlocked.Increment(ref _roundRobin) % (uint)partitions)
        : Murmur2.PartitionFor(record.Key.Span, partitions);

    /// <summary>A producer, and why it can't go on.</summary>
    private sealed class Client
    {
        private volatile Error? _fatal;

        internal Client(KafkaOptions options) =>
            Producer = new ProducerBuilder<byte[]?, byte[]>(KafkaConfigs.Producer(options))
                .SetErrorHandler((_, error) => _fatal = error.IsFatal ? error : _fatal)
                .SetLogHandler((_, _) => { })
                .Build();

        internal IProducer<byte[]?, byte[]> Producer { get; }

        internal Error? Fatal => _fatal;

        /// <summary>Calls that use it; changed under the appender's lock.</summary>
        internal int Users { get; set; }
    }

    /// <summary>The records of one call on their way.</summary>
    private sealed class Delivery(int count, Memory<RecordPosition> positions)
    {
        private readonly TaskCompletionSource<Error?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _open = count;
        private Error? _error;

        internal Task<Error?> Done => positions.IsEmpty ? Task.FromResult<Error?>(null) : _done.Task;

        internal void Deliver(int index, DeliveryReport<byte[]?, byte[]> report)
        {
            if (!report.Error.IsError)
            {
                positions.Span[index] = new RecordPosition(report.Partition.Value, report.Offset.Value);
            }

            Abandon(1, report.Error.IsError ? report.Error : null);
        }

        internal void Abandon(int records, Error? error)
        {
            Interlocked.CompareExchange(ref _error, error, null);
            if (Interlocked.Add(ref _open, -records) == 0)
            {
                _done.SetResult(_error);
            }
        }
    }
}
