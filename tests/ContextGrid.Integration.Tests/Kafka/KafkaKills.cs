using System.Globalization;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>What is killed.</summary>
internal enum KafkaKill
{
    /// <summary>The server.</summary>
    Server,

    /// <summary>The broker, which comes back on its data; the server goes on by itself.</summary>
    Broker,

    /// <summary>The broker and the server at one moment.</summary>
    Both,
}

/// <summary>Deals what is killed next, in a seeded order, again and again.</summary>
internal sealed class KafkaKills(int seed)
{
    private static readonly KafkaKill[] Deck =
    [
        KafkaKill.Server, KafkaKill.Server, KafkaKill.Server, KafkaKill.Server, KafkaKill.Server, KafkaKill.Server,
        KafkaKill.Broker, KafkaKill.Broker, KafkaKill.Both, KafkaKill.Both,
    ];

    private readonly Random _random = new(seed);
    private readonly Queue<KafkaKill> _dealt = new();

    internal KafkaKill Next()
    {
        if (_dealt.Count == 0)
        {
            KafkaKill[] deck = [.. Deck];
            _random.Shuffle(deck);
            Array.ForEach(deck, _dealt.Enqueue);
        }

        return _dealt.Dequeue();
    }
}

/// <summary>What a run has seen.</summary>
internal sealed class KafkaCrashReport(int seed)
{
    private readonly SortedDictionary<KafkaKill, int> _kinds = [];

    internal int Kills { get; set; }

    internal long EventsAcknowledged { get; set; }

    internal long Committed { get; set; }

    internal long AnswersChecked { get; set; }

    internal int Entities { get; set; }

    internal void Count(KafkaKill kill) => _kinds[kill] = _kinds.GetValueOrDefault(kill) + 1;

    private string Kinds => string.Join(", ", _kinds.Select(k => $"{k.Key} {k.Value}"));

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Kills} kills ({Kinds}), seed {seed}: "
        + $"{EventsAcknowledged:N0} events acknowledged and {Committed:N0} records committed beside them, none lost, "
        + $"none counted twice; {AnswersChecked:N0} answers checked against the oracle; {Entities:N0} "
        + $"entities compared at the end");
}
