using ContextGrid.Runtime.Topology;
using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests.Cluster;

/// <summary>One incarnation of a process in the cluster.</summary>
/// <param name="address">Where it is reached; no two incarnations have the same.</param>
/// <param name="process">Its life.</param>
internal sealed class SimulatedMember(string address, SimulatedProcess process)
{
    public string Address => address;

    public SimulatedProcess Process => process;

    /// <summary>Whether it has said that it leaves.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>Whether others may know more than it: it has been paused, or is called dead.</summary>
    public bool IsBehindTheTimes { get; set; }

    /// <summary>Whether clients may be connected to it, and it has shards or knows who has.</summary>
    public bool IsServing => process.IsUp && !process.Context.IsPaused && !IsLeaving;

    public bool IsAlive => !process.Context.IsDead;
}
