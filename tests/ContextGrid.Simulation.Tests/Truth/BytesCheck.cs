using System.Text;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>
/// Whether the newest checkpoints have exactly the bytes that each entity has when its events are applied one partition
/// after the other, whatever way they have gone in the run (I10). Nobody owns the checkpoints any more.
/// </summary>
internal static class BytesCheck
{
    /// <exception cref="SimulationFailure">An entity differs, is missing, or should not be there.</exception>
    public static async Task RunAsync(SimulatedWorld world)
    {
        if (world.Plan.Has(Faults.Retention))
        {
            return;
        }

        var fold = new TrueFold(world.Truth, world.Made);
        var found = new Dictionary<(string, string), byte[]>();
        await using (CheckpointStore store = await world.OpenCheckpointsAsync())
        {
            await store.ReadAllAsync(
                (type, key, snapshot) => found.Add((type, Encoding.UTF8.GetString(key)), snapshot.ToArray()),
                CancellationToken.None);
        }

        foreach (EntityPlan plan in SimulatedDefinitions.Plans)
        {
            int type = SimulatedDefinitions.TypeOf(plan.Definition.Name);
            foreach ((_, string key) in SimulatedKeys.All.Where(k => k.Type == type))
            {
                IReadOnlyList<TrueEvent> events = fold.EventsOf(type, key);
                bool isThere = found.Remove((plan.Definition.Name, key), out byte[]? bytes);
                byte[]? right = events.Count == 0 ? null : Fold(plan, events, world.Truth);
                if (!(bytes ?? []).AsSpan().SequenceEqual(right ?? []))
                {
                    throw new SimulationFailure(
                        $"{plan.Definition.Name} {key} has {(isThere ? $"{bytes?.Length}" : "no")} bytes at the end, "
                        + $"which are not the {right?.Length} of its {events.Count} events");
                }
            }
        }

        if (found.Count > 0)
        {
            throw new SimulationFailure($"{found.Count} entities are stored that no event is about");
        }
    }

    private static byte[] Fold(EntityPlan plan, IReadOnlyList<TrueEvent> events, LogTruth truth)
    {
        var entity = new Entity(plan);
        var scratch = new ApplyScratch(plan);
        foreach (TrueEvent e in events.OrderBy(e => e.Partition.Topic, StringComparer.Ordinal)
            .ThenBy(e => e.Partition.Partition).ThenBy(e => e.Offset))
        {
            int index = plan.Definitions.EventOf(e.Partition.Topic);
            var position = new Position(
                Position.SourceOf(plan.Definitions.Topics.IndexOf(e.Partition.Topic), e.Partition.Partition), e.Offset);
            if (e.Fate == Fate.Dead)
            {
                entity.Skip(position);
                continue;
            }

            var record = new EventRecord(plan.Definitions.Events[index].Fields.Length);
            byte[] payload = e.Event.Payload;
            new JsonEventDecoder(plan.Definitions, index).Decode(
                payload, 0, payload.Length, default, truth.RecordsOf(e.Partition)[e.Offset].TimeMs, record);
            record.Position = position;
            entity.Apply(record, scratch);
        }

        var writer = new SnapshotWriter();
        entity.Snapshot(writer, scratch);
        return writer.Written.ToArray();
    }
}
