using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ContextGrid.Adapters.Kafka;
using ContextGrid.Integration.Tests.BadInput;
using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// Puts every kind of record that is no event into one partition of payments, and one of Avro orders, each among 99
/// good ones. One task at a time.
/// </summary>
internal sealed class KafkaPoison(string bootstrapServers)
{
    private const int NeighboursOfEach = 99, UsersMax = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly long _nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly Lock _gate = new(); // Both producers tell of theirs on threads of their own.
    private int _number;

    /// <summary>The bad records: what they are, by place.</summary>
    internal Dictionary<(string Topic, long Offset), (string Reason, byte[] Payload)> Bad { get; } = [];

    /// <summary>Produces payments.</summary>
    internal async Task ProducePaymentsAsync()
    {
        using IProducer<Null, byte[]> producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrapServers, EnableIdempotence = true, MessageMaxBytes = 4 << 20, LingerMs = 5,
        }).SetLogHandler((_, _) => { }).Build();
        foreach ((string? _, byte[]? payload, string reason) in Kinds())
        {
            for (int i = 0; i < NeighboursOfEach; i++)
            {
                Produce(producer, Encoding.UTF8.GetBytes(Payment()), null);
            }

            Produce(producer, payload, reason);
        }

        Produce(producer, Encoding.UTF8.GetBytes(Payment()), null);
        await Task.Run(() => Assert.Equal(0, producer.Flush(Patience)));
    }

    /// <summary>Produces orders.</summary>
    internal async Task ProduceOrdersAsync(KafkaOrders orders, int schema)
    {
        byte[] good = KafkaOrders.Order(schema, "victim", 1);
        (byte[]? Payload, string Reason)[] kinds =
        [
            (KafkaOrders.Order(schema + 1_000, "victim", 1), "unknown_schema"),
            (good[..^3], "invalid_avro"),
            ([.. good, 0], "invalid_avro"),
            ("{\"buyer\":\"victim\",\"amount\":1}"u8.ToArray(), "not_framed"),
            ([], "not_framed"),
            (null, "tombstone"),
        ];
        foreach ((byte[]? payload, string reason) in kinds)
        {
            for (int i = 0; i < NeighboursOfEach; i++)
            {
                orders.Good(schema, $"b{++_number % UsersMax}", _number / 8.0);
            }

            orders.Produce(payload, (offset, _) =>
            {
                lock (_gate)
                {
                    Bad[(KafkaOrders.Topic, offset)] = (reason, payload ?? []);
                }
            });
        }

        await orders.FlushAsync();
    }

    private IEnumerable<(string Name, byte[]? Payload, string Reason)> Kinds() =>
    [
        .. BadEvents.All(_nowMs).Select(b => (b.Name, (byte[]?)b.Payload, b.Reason)),
        ("a tombstone", null, "tombstone"),
        ("ancient", Encoding.UTF8.GetBytes("""{"user_id":"victim","ts":-62135596800001}"""), "bad_timestamp"),
        ("over 1 MiB", BadEvents.TooLarge(), "too_large"),
    ];

    private void Produce(IProducer<Null, byte[]> producer, byte[]? payload, string? reason) => producer.Produce(
        CrashGrid.Payments,
        new Message<Null, byte[]> { Value = payload! }, // Null is a tombstone.
        report =>
        {
            lock (_gate)
            {
                Assert.False(report.Error.IsError, report.Error.Reason);
                if (reason is not null)
                {
                    Bad[(CrashGrid.Payments, report.Offset.Value)] = (reason, payload ?? []);
                }
            }
        });

    private string Payment()
    {
        _number++;
        return string.Create(CultureInfo.InvariantCulture, $$"""
            {"payment_id":"p{{_number}}","user_id":"u{{_number % UsersMax}}","merchant":"m{{_number % 7}}",
            "amount":{{_number / 8.0}},"items":1,"ok":{{(_number % 2 == 0 ? "true" : "false")}},"ts":{{_nowMs}}}
            """);
    }
}
