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

/// <summary>The naive fold: goes through the true log record by record and says what each must have done.</summary>
internal sealed class TrueFold
{
    private readonly Dictionary<(TopicPartition Partition, long Offset), (Fate Fate, SimulatedEvent Event)> _fates = [];

    /// <param name="truth">The log.</param>
    /// <param name="made">Every event that a producer made, by payload.</param>
    public TrueFold(LogTruth truth, IReadOnlyDictionary<string, SimulatedEvent> made)
    {
        foreach (TopicPartition partition in truth.Partitions.Where(p => p.Topic is "payments" or "logins"))
        {
            var ids = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
            foreach (TrueRecord record in truth.RecordsOf(partition).Values)
            {
                SimulatedEvent e = made[Encoding.UTF8.GetString(record.Value)];
                _fates[(partition, record.Offset)] = (FateOf(e, record.TimeMs, ids), e);
            }
        }
    }

    /// <summary>Every record's fate.</summary>
    public IReadOnlyDictionary<(TopicPartition Partition, long Offset), (Fate Fate, SimulatedEvent Event)> Fates =>
        _fates;

    /// <summary>The oracle that has seen the records that a filter lets through.</summary>
    public FeatureOracle OracleOf(OracleEntity entity, Func<TopicPartition, long, bool> isSeen)
    {
        var oracle = new FeatureOracle(entity);
        foreach (((TopicPartition partition, long offset), (Fate fate, SimulatedEvent e)) in _fates)
        {
            if (fate == Fate.Counts && isSeen(partition, offset))
            {
                oracle.Add(new OracleEvent(
                    e.Name, e.TimeMs, partition.Topic, partition.Partition, offset, e.Fields));
            }
        }

        return oracle;
    }

    /// <summary>The offsets of an entity's counted events in a partition.</summary>
    public IEnumerable<(TopicPartition Partition, long Offset)> PositionsOf(OracleEntity entity, string key) =>
        _fates.Where(f => f.Value.Fate == Fate.Counts
                && entity.Sources.TryGetValue(f.Value.Event.Name, out string? field)
                && f.Value.Event.Fields.GetValueOrDefault(field) is string of && of == key)
            .Select(f => f.Key);

    /// <summary>
    /// How many of an entity's events are dead letters that a filter lets through: those whose key is certain, and with
    /// them every other one of the topics, whose key some decoder may have understood.
    /// </summary>
    public (long Least, long Most) SkippedOf(
        OracleEntity entity, string key, Func<TopicPartition, long, bool> isSeen)
    {
        long certain = 0, possible = 0;
        foreach (((TopicPartition partition, long offset), (Fate fate, SimulatedEvent e)) in _fates)
        {
            if (fate != Fate.Dead || !isSeen(partition, offset)
                || !entity.Sources.TryGetValue(e.Name, out string? field))
            {
                continue;
            }

            certain += e.Fields.GetValueOrDefault(field) is string of && of == key ? 1 : 0;
            possible += e.IsPoison ? 1 : 0;
        }

        return (certain, certain + possible);
    }

    private static Fate FateOf(SimulatedEvent e, long recordMs, Dictionary<string, HashSet<string>> ids)
    {
        if (e.IsPoison || e.TimeMs > recordMs + SimulatedDefinitions.FutureMsMax)
        {
            return Fate.Dead;
        }

        if (e.Id is null || ids.TryAdd(e.Id, [e.Text]))
        {
            return Fate.Counts;
        }

        return ids[e.Id].Add(e.Text) ? Fate.Dead : Fate.Retry;
    }
}
