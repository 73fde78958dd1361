using System.Buffers.Binary;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// Checks the snapshot of one entity: version and checksum; with definitions, that all of it decodes, and that the log
/// still reaches to every event that it reflects.
/// </summary>
internal sealed class SnapshotVerifier
{
    private readonly Dictionary<string, EntityPlan> _plans = new(StringComparer.Ordinal);
    private readonly Dictionary<TopicPartition, long> _ends;
    private bool _isCluster;

    /// <summary>Prepares the check.</summary>
    /// <param name="definitions">The definitions; null: none.</param>
    /// <param name="partitions">What the log has.</param>
    public SnapshotVerifier(DefinitionSet? definitions, IReadOnlyList<PartitionState> partitions)
    {
        _ends = partitions.ToDictionary(p => p.Name, p => p.End);
        foreach (EntityPlan plan in definitions is null ? [] : PlanCompiler.Compile(definitions))
        {
            _plans[plan.Definition.Name] = plan;
        }
    }

    /// <summary>For the states of a cluster, each a version and what Orleans' serializer has written: only the version
    /// is looked at.</summary>
    public static SnapshotVerifier OfCluster() => new(null, []) { _isCluster = true };

    /// <summary>Leaves a type out that the definitions describe otherwise than when its state was written.</summary>
    public void Forget(string type) => _plans.Remove(type);

    /// <summary>What is wrong with a snapshot, as a clause; null: nothing.</summary>
    public string? WhatIsWrong(string type, ReadOnlySpan<byte> key, ReadOnlySpan<byte> snapshot)
    {
        if (_isCluster)
        {
            bool isState = snapshot.Length > sizeof(long) && BinaryPrimitives.ReadInt64LittleEndian(snapshot) > 0;
            return isState ? null : $"{Name(type, key)} has no version";
        }

        try
        {
            if (!_plans.TryGetValue(type, out EntityPlan? plan))
            {
                Entity.CheckSnapshot(snapshot);
                return null;
            }

            return WhatIsAhead(plan, Entity.Restore(plan, snapshot)) is { } ahead ? Name(type, key) + ahead : null;
        }
        catch (SnapshotFormatException e)
        {
            return $"{Name(type, key)} can't be restored: {e.Message.TrimEnd('.')}";
        }
    }

    private string? WhatIsAhead(EntityPlan plan, Entity entity)
    {
        foreach (Position position in entity.Applied)
        {
            if (position.TopicIndex >= plan.Topics.Length)
            {
                return " names a topic that its type does not consume";
            }

            string topic = plan.Topics[position.TopicIndex];
            long end = _ends.GetValueOrDefault(new TopicPartition(topic, position.Partition));
            if (position.Offset >= end)
            {
                return $" reflects offset {position.Offset} of {topic}/{position.Partition}, whose log ends at {end}: "
                    + "new events at these offsets would not count";
            }
        }

        return null;
    }

    private static string Name(string type, ReadOnlySpan<byte> key) => $"{type} '{Encoding.UTF8.GetString(key)}'";
}
