using System.Globalization;
using Confluent.Kafka;
using ContextGrid.Adapters.Kafka;
using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// Produces ticks and payments of a few users in transactions, of which each third is aborted, and knows what was
/// committed. A payment of an aborted transaction is produced again, with its id, in the next one. Not thread-safe, but
/// it produces in the background.
/// </summary>
internal sealed class TickTransactions : IAsyncDisposable
{
    private const int UsersMax = 10;
    private const int TicksPerTransaction = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // What is written beside the server stays small enough to be compared.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(200);

    private readonly ProducerConfig _config;
    private readonly Random _random;
    private readonly List<Produced> _again = [];
    private IProducer<string, string>? _producer;
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private int _transactions;
    private long _number;

    internal TickTransactions(string bootstrapServers, int seed)
    {
        _random = new Random(seed);
        _config = new ProducerConfig
        {
            BootstrapServers = bootstrapServers,
            TransactionalId = "ticks",
            LingerMs = 1,
            TransactionTimeoutMs = 60_000,
            ReconnectBackoffMaxMs = 1_000,
        };
    }

    /// <summary>The users whose events these are.</summary>
    internal static IEnumerable<string> Users => Enumerable.Range(0, UsersMax).Select(User);

    /// <summary>Payloads that must be there, each once.</summary>
    internal List<string> Committed { get; } = [];

    /// <summary>Payloads that must not be there.</summary>
    internal List<string> Aborted { get; } = [];

    /// <summary>Transactions whose end the producer was not told; all or nothing of each is there.</summary>
    internal List<string[]> Unknown { get; } = [];

    /// <summary>Begins to produce transactions, one after the other; brokers may come and go.</summary>
    internal void Start()
    {
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        _running = Task.Run(() => Run(_stop.Token));
    }

    /// <summary>Stops, and ends what is open, so that readers of committed records see everything.</summary>
    internal async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await Task.Run(() =>
        {
            _producer?.Dispose();
            _producer = null;
            Begin(TimeSpan.FromMinutes(1));
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _producer?.Dispose();
        _stop.Dispose();
    }

    private void Run(CancellationToken stop)
    {
        while (!stop.WaitHandle.WaitOne(Rest))
        {
            Produced[] records = [.. Enumerable.Range(0, TicksPerTransaction).Select(_ => Tick()), Payment()];
            try
            {
                RunOne([.. records, .. _again]);
            }
            catch (KafkaException)
            {
                // The next producer of the same id ends what this one has left, one way or the other.
                Unknown.Add([.. records.Concat(_again).Select(r => r.Payload)]);
                _again.Clear();
                _producer?.Dispose();
                _producer = null;
            }
        }
    }

    private void RunOne(Produced[] records)
    {
        IProducer<string, string> producer = _producer ?? Begin(Patience);
        producer.BeginTransaction();
        foreach (Produced record in records)
        {
            producer.Produce(record.Topic, new Message<string, string> { Key = record.Key, Value = record.Payload });
        }

        if (++_transactions % 3 == 0)
        {
            producer.Flush(Patience);
            Repeat(() => producer.AbortTransaction(Patience));
            Aborted.AddRange(records.Where(r => r.Topic == CrashGrid.Ticks).Select(r => r.Payload));
            _again.AddRange(records.Where(r => r.Topic == CrashGrid.Payments).Except(_again));
            return;
        }

        Repeat(() => producer.CommitTransaction(Patience));
        Committed.AddRange(records.Select(r => r.Payload));
        _again.Clear();
    }

    private IProducer<string, string> Begin(TimeSpan patience)
    {
        _producer = new ProducerBuilder<string, string>(_config)
            .SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        IProducer<string, string> producer = _producer;
        Repeat(() => producer.InitTransactions(patience));
        return producer;
    }

    // Trying again is the same step of the same transaction.
    private static void Repeat(Action step)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                step();
                return;
            }
            catch (KafkaRetriableException) when (attempt < 20)
            {
                // Such as a broker that is away.
            }
        }
    }

    private Produced Tick()
    {
        string user = User(_random.Next(UsersMax));
        return new Produced(CrashGrid.Ticks, user, string.Create(
            CultureInfo.InvariantCulture, $$"""{"user_id":"{{user}}","n":{{-++_number}}}"""));
    }

    private Produced Payment()
    {
        string user = User(_random.Next(UsersMax));
        string amount = string.Create(CultureInfo.InvariantCulture, $"{_random.Next(100_000) / 8.0}");
        return new Produced(CrashGrid.Payments, user, string.Create(CultureInfo.InvariantCulture, $$"""
            {"payment_id":"t-{{++_number}}","user_id":"{{user}}","merchant":"transactions","amount":{{amount}},
            "items":1,"ok":true,"ts":{{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}}}
            """));
    }

    private static string User(int number) => string.Create(CultureInfo.InvariantCulture, $"transactions{number}");

    private sealed record Produced(string Topic, string Key, string Payload);
}
