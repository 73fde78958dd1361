using System.Text;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.World;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>What must become of a record.</summary>
internal enum Fate
{
    /// <summary>It counts.</summary>
    Counts,

    /// <summary>A producer's retry: it counts no second time.</summary>
    Retry,

    /// <summary>It can't be applied: a dead letter.</summary>
    Dead,
}

/// <summary>A record with its fate.</summary>
/// <param name="Partition">Its partition.</param>
/// <param name="Offset">Its offset.</param>
/// <param name="Fate">What must become of it.</param>
/// <param name="Event">What its producer meant.</param>
internal sealed record TrueEvent(TopicPartition Partition, long Offset, Fate Fate, SimulatedEvent Event);

/// <summary>The naive fold: goes through the true log record by record and says what each must have done.</summary>
internal sealed class TrueFold
{
    private readonly Dictionary<(TopicPartition Partition, long Offset), TrueEvent> _fates = [];
    private readonly Dictionary<(int Type, string Key), List<TrueEvent>> _byEntity = [];

    /// <param name="truth">The log.</param>
    /// <param name="made">Every event that a producer made, by payload.</param>
    public TrueFold(LogTruth truth, IReadOnlyDictionary<string, SimulatedEvent> made)
    {
        foreach (TopicPartition partition in truth.Partitions.Where(p => p.Topic is "payments" or "logins"))
        {
            var ids = new TrueIds();
            foreach (TrueRecord record in truth.RecordsOf(partition).Values)
            {
                SimulatedEvent e = made[Encoding.UTF8.GetString(record.Value)];
                Add(new TrueEvent(partition, record.Offset, FateOf(e, record.TimeMs, ids), e));
            }
        }
    }

    /// <summary>Every record's fate.</summary>
    public IReadOnlyDictionary<(TopicPartition Partition, long Offset), TrueEvent> Fates => _fates;

    /// <summary>How many entities of a type some event was about, dead letters included.</summary>
    public long CountEntities(int type) => _byEntity.Keys.Count(e => e.Type == type);

    /// <summary>The events of an entity, in any order: those that count, and dead letters that name it.</summary>
    public IReadOnlyList<TrueEvent> EventsOf(int type, string key) => _byEntity.GetValueOrDefault((type, key), []);

    /// <summary>The oracle that has seen those events of an entity that a filter lets through.</summary>
    public FeatureOracle OracleOf(int type, string key, Func<TrueEvent, bool> isSeen)
    {
        var oracle = new FeatureOracle(SimulatedDefinitions.Oracles[type]);
        foreach (TrueEvent e in EventsOf(type, key).Where(e => e.Fate == Fate.Counts && isSeen(e)))
        {
            oracle.Add(new OracleEvent(
                e.Event.Name, e.Event.TimeMs, e.Partition.Topic, e.Partition.Partition, e.Offset, e.Event.Fields));
        }

        return oracle;
    }

    private void Add(TrueEvent e)
    {
        _fates[(e.Partition, e.Offset)] = e;
        for (int type = 0; type < SimulatedDefinitions.Oracles.Length && e.Fate != Fate.Retry; type++)
        {
            if (SimulatedDefinitions.Oracles[type].Sources.TryGetValue(e.Event.Name, out string? field)
                && e.Event.Fields.GetValueOrDefault(field) is string key)
            {
                if (!_byEntity.TryGetValue((type, key), out List<TrueEvent>? events))
                {
                    _byEntity[(type, key)] = events = [];
                }

                events.Add(e);
            }
        }
    }

    private static Fate FateOf(SimulatedEvent e, long recordMs, TrueIds ids)
    {
        if (e.IsPoison || e.TimeMs > recordMs + SimulatedDefinitions.FutureMsMax)
        {
            return Fate.Dead;
        }

        return e.Id is null ? Fate.Counts : ids.FateOf(e.Id, e.Text, recordMs);
    }
}

/// <summary>
/// The ids of one partition as docs/DEFINITIONS.md says: an id is known for so long after the last record that had it.
/// </summary>
internal sealed class TrueIds
{
    private readonly List<(string Id, string Text, long TimeMs)> _known = [];

    /// <summary>What becomes of a record, which the following ones then know.</summary>
    public Fate FateOf(string id, string text, long timeMs)
    {
        // What the oldest end of the memory has lost stays lost, also for records whose time is a little earlier.
        while (_known.Count > 0
            && (!IsRecent(_known[0].TimeMs, timeMs) || _known.FindLastIndex(k => k.Text == _known[0].Text) > 0))
        {
            _known.RemoveAt(0);
        }

        int sameId = _known.FindLastIndex(k => k.Id == id), sameText = _known.FindLastIndex(k => k.Text == text);
        _known.Add((id, text, timeMs));
        return sameId < 0 || !IsRecent(_known[sameId].TimeMs, timeMs) ? Fate.Counts
            : sameText >= 0 && IsRecent(_known[sameText].TimeMs, timeMs) ? Fate.Retry : Fate.Dead;
    }

    private static bool IsRecent(long knownMs, long timeMs) => timeMs - knownMs <= SimulatedDefinitions.DedupeMs;
}
