using System.Globalization;
using Confluent.Kafka;
using ContextGrid.Adapters.Kafka;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// Produces ticks of a few users in transactions, of which each third is aborted, and knows what was committed. One
/// task at a time.
/// </summary>
internal sealed class TickTransactions : IDisposable
{
    private const int Users = 10;
    private const int TicksPerTransaction = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, (long Count, long Sum)> _committed = new(StringComparer.Ordinal);
    private readonly IProducer<string, string> _producer;
    private readonly Random _random;
    private int _transactions;

    internal TickTransactions(string bootstrapServers, int seed)
    {
        Librdkafka.Require();
        _random = new Random(seed);
        _producer = new ProducerBuilder<string, string>(new ProducerConfig
        {
            BootstrapServers = bootstrapServers,
            TransactionalId = "ticks",
            LingerMs = 1,
        }).SetLogHandler((_, _) => { }).Build();
        _producer.InitTransactions(Patience);
    }

    /// <summary>Count and sum of the committed ticks of each user.</summary>
    internal IReadOnlyDictionary<string, (long Count, long Sum)> Committed => _committed;

    /// <summary>Produces transactions, one after the other.</summary>
    internal void Run(int transactions)
    {
        for (int i = 0; i < transactions; i++)
        {
            _producer.BeginTransaction();
            (string User, int Number)[] ticks =
            [
                .. Enumerable.Range(0, TicksPerTransaction)
                    .Select(_ => ($"u{_random.Next(Users)}", _random.Next(1000))),
            ];
            foreach ((string user, int number) in ticks)
            {
                string json = string.Create(
                    CultureInfo.InvariantCulture, $$"""{"user_id": "{{user}}", "n": {{number}}}""");
                _producer.Produce("ticks", new Message<string, string> { Key = user, Value = json });
            }

            End(ticks);
        }
    }

    private void End((string User, int Number)[] ticks)
    {
        if (++_transactions % 3 == 0)
        {
            _producer.Flush(Patience);
            _producer.AbortTransaction(Patience);
            return;
        }

        while (true)
        {
            try
            {
                _producer.CommitTransaction(Patience);
                break;
            }
            catch (KafkaRetriableException)
            {
                // Trying again is the same transaction.
            }
        }

        foreach ((string user, int number) in ticks)
        {
            (long count, long sum) = _committed.GetValueOrDefault(user);
            _committed[user] = (count + 1, sum + number);
        }
    }

    public void Dispose() => _producer.Dispose();
}
