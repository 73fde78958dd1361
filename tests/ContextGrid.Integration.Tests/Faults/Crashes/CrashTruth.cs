using System.Text.Json;
using ContextGrid.Client;
using ContextGrid.TestKit.Logs;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>
/// What is true, from the log's files alone: which event stands where, and which of them count. Of events with one
/// producer's id the first one counts; a later one with other content belongs to the dead letters. One thread.
/// </summary>
/// <param name="isDense">Whether every offset holds a record, as in the log's own files, or may hold none, as in Kafka,
/// where transactions have markers.</param>
internal sealed class CrashTruth(bool isDense = true)
{
    private static readonly string[] PaymentFields =
        ["payment_id", "user_id", "merchant", "amount", "items", "ok"];

    private static readonly string[] TickFields = ["user_id", "n"];

    private readonly Dictionary<(string Topic, int Partition), Dictionary<long, long>> _log = [];
    private readonly Dictionary<long, int> _copies = [];
    private readonly Dictionary<(int Partition, string Id), List<long>> _contents = [];
    private readonly Dictionary<EntityId, List<OracleEvent>> _events = [];

    /// <summary>Records whose id stood before with other content.</summary>
    internal List<RawRecord> Conflicts { get; } = [];

    /// <summary>The dead letters, by their offset.</summary>
    internal List<RawRecord> DeadLetters { get; } = [];

    internal long Records { get; private set; }

    internal long Retries { get; private set; }

    /// <summary>The entities that have events which count.</summary>
    internal IReadOnlyCollection<EntityId> Entities => _events.Keys;

    /// <summary>The events of an entity that count, in the order of the log's partitions.</summary>
    internal IReadOnlyList<OracleEvent> EventsOf(EntityId entity) => _events.GetValueOrDefault(entity, []);

    /// <summary>How often a payload stands in the log.</summary>
    internal int CopiesOf(string payload) => _copies.GetValueOrDefault(Print(payload));

    /// <summary>Whether a payload stands at a place of the log.</summary>
    internal bool StandsAt(string topic, int partition, long offset, IEnumerable<string> payloads) =>
        _log.TryGetValue((topic, partition), out Dictionary<long, long>? records)
        && records.TryGetValue(offset, out long print)
        && payloads.Any(p => Print(p) == print);

    /// <summary>Whether a record was taken before, at its place.</summary>
    internal bool Has(RawRecord record) => StandsAt(record.Topic, record.Partition, record.Offset, [record.Value]);

    internal void Take(RawRecord record)
    {
        Records++;
        (string, int) partition = (record.Topic, record.Partition);
        _log.TryAdd(partition, []);
        Assert.True(!isDense || _log[partition].Count == record.Offset, $"{record} is not the next one");
        long print = Print(record.Value);
        _log[partition].Add(record.Offset, print);
        _copies[print] = _copies.GetValueOrDefault(print) + 1;
        switch (record.Topic)
        {
            case CrashGrid.Payments: TakePayment(record, print); break;
            case CrashGrid.Ticks: TakeTick(record); break;
            default: DeadLetters.Add(record); break;
        }
    }

    private void TakePayment(RawRecord record, long print)
    {
        using JsonDocument json = JsonDocument.Parse(record.Value);
        JsonElement e = json.RootElement;
        object?[] values =
        [
            TryText(e, "payment_id"), Text(e, "user_id"), Text(e, "merchant"),
            e.GetProperty("amount").GetDouble(), e.GetProperty("items").GetInt64(), e.GetProperty("ok").GetBoolean(),
        ];
        (int, string) id = (record.Partition, TryText(e, "payment_id") ?? "");
        if (id.Item2.Length > 0 && _contents.TryGetValue(id, out List<long>? contents))
        {
            bool isRetry = contents.Contains(print);
            Retries += isRetry ? 1 : 0;
            if (!isRetry)
            {
                contents.Add(print);
                Conflicts.Add(record);
            }

            return;
        }

        _contents[id] = [print];
        var counted = new OracleEvent(
            "payment",
            e.GetProperty("ts").GetInt64(),
            record.Topic,
            record.Partition,
            record.Offset,
            new OracleFields(PaymentFields, values));
        Add(new EntityId(CrashGrid.User, (string)values[1]!), counted);
        Add(new EntityId(CrashGrid.Merchant, (string)values[2]!), counted);
    }

    private void TakeTick(RawRecord record)
    {
        using JsonDocument json = JsonDocument.Parse(record.Value);
        string user = Text(json.RootElement, "user_id");
        object?[] values = [user, json.RootElement.GetProperty("n").GetInt64()];
        Add(
            new EntityId(CrashGrid.User, user),
            new OracleEvent(
                "tick", record.TimeMs, record.Topic, record.Partition, record.Offset,
                new OracleFields(TickFields, values)));
    }

    private void Add(EntityId entity, OracleEvent counted)
    {
        _events.TryAdd(entity, []);
        _events[entity].Add(counted);
    }

    private static string? TryText(JsonElement e, string name) =>
        e.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static string Text(JsonElement e, string name) =>
        TryText(e, name) ?? throw new InvalidDataException($"{name} is null in {e}.");

    /// <summary>A fingerprint: FNV-1a with 64 bits.</summary>
    private static long Print(string payload)
    {
        ulong hash = 14_695_981_039_346_656_037;
        foreach (char c in payload)
        {
            hash = (hash ^ c) * 1_099_511_628_211;
        }

        return (long)hash;
    }
}
