using ContextGrid.Orleans.Ingestion;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Orleans;

/// <summary>How a silo is, for people.</summary>
internal static class SiloStates
{
    internal static HostState Of(SiloHost host)
    {
        (TopicPartition Partition, PartitionReport? Report)[] all = [.. host.Sources.Reports];
        (TopicPartition Partition, PartitionReport Report)[] own =
        [
            .. all.Where(r => r.Report?.Reader == host.Address.ToString()).Select(r => (r.Partition, r.Report!)),
        ];
        HashSet<string> others = [.. host.View.Active.Where(s => !s.Equals(host.Address)).Select(s => s.ToString())];
        return new HostState
        {
            Notes = [.. host.Log.Notes, .. CompactedTopics.Describe(host.Definitions, host.Log.Compacted)],
            DurableMs = own.Length == 0 ? null : own.Min(r => r.Report.CommittedMs),
            DurableFault = own.Select(r => r.Report.Fault).FirstOrDefault(f => f is not null),
            Durable = [.. own.Select(r => (r.Partition, r.Report.Committed))],
            Entities = [.. host.Context.Resident.Select(r => new EntityCount(r, r))],
            Silos =
            [
                .. host.View.Members.Select(m => new SiloState(
                    m.SiloAddress.ToParsableString(), m.Status.ToString(), m.SiloAddress.Equals(host.Address))),
            ],
            Readers = all.Where(r => r.Report is not null).ToDictionary(
                r => r.Partition,
                r => new ReaderState(r.Report!.Reader, r.Report.Fault, others.Contains(r.Report.Reader))),
        };
    }
}
