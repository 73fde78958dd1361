using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Embedded;

/// <summary>How an <see cref="EmbeddedHost"/> is, for people.</summary>
internal static class EmbeddedState
{
    internal static HostState Of(EmbeddedHost host, CheckpointScrub scrub)
    {
        (CheckpointManifest durable, ShardEngine grid) = (host.Checkpoint, host.Grid);
        return new HostState
        {
            Recovered = host.Recovered,
            Generation = durable.Generation,
            DurableMs = durable.Generation > 0 ? durable.CreatedMs : null,
            DurableFault = host.CheckpointFault ?? host.Topology.Fault,
            Durable =
            [
                .. durable.Content.Sources.Select(s => (new TopicPartition(s.Topic, s.Partition), s.NextOffset)),
            ],
            DamagedSegments = scrub.Faults,
            ScrubBytes = (scrub.Bytes, scrub.BytesTotal),
            Outputs = [.. host.Outputs.States],
            Readers = host.Topology.Readers.Where(r => r.Reader.Length > 0 || r.Fault is not null).ToDictionary(
                r => r.Partition, r => new ReaderState(r.Reader, r.Fault, !r.IsHere)),
            Notes =
            [
                .. host.Log.Notes, .. host.Notes, .. grid.Positions.BehindNotes(),
                .. host.Outputs.States.Where(o => o.Fault is not null).Select(o => $"Output {o.Name} waits: {o.Fault}"),
            ],
            Memory = new EntityMemory(grid.ResidentBytesMax, grid.ResidentBytes, grid.LookupBytes),
            Entities =
            [
                .. grid.Plans.Select((_, p) => new EntityCount(grid.CountEntities(p), grid.CountResident(p))),
            ],
        };
    }
}
