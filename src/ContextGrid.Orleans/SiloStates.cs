using ContextGrid.Runtime.Hosting;

namespace ContextGrid.Orleans;

/// <summary>How a silo is, for people: its shards, and the silos of the cluster as it sees them.</summary>
internal static class SiloStates
{
    internal static HostState Of(SiloHost host) => host.Shards.State with
    {
        Silos =
        [
            .. host.Members.CurrentSnapshot.Members.Values
                .OrderBy(m => m.SiloAddress)
                .Select(m => new SiloState(
                    m.SiloAddress.ToParsableString(), m.Status.ToString(), m.SiloAddress.Equals(host.Address))),
        ],
    };
}
