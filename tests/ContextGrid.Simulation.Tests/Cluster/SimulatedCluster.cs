using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Topology;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.Truth;
using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests.Cluster;

/// <summary>
/// Processes that share the shards of one store: each a product host, of which some are started, paused, drained,
/// called dead and killed at any time.
/// </summary>
/// <param name="world">What they stand on.</param>
/// <param name="random">Decides.</param>
internal sealed class SimulatedCluster(SimulatedWorld world, Random random)
{
    private readonly List<SimulatedMember> _members = [];

    public SimulatedNetwork Network { get; } = new(world.Clock, random);

    public SimulatedMembership Membership { get; } = new(world.Clock, random);

    /// <summary>How many processes there are to be.</summary>
    public int Target { get; set; } = world.Plan.Processes;

    /// <summary>All that have ever been, in the order of their starts.</summary>
    public IReadOnlyList<SimulatedMember> Members => _members;

    /// <summary>Those that are not dead.</summary>
    public IEnumerable<SimulatedMember> Alive => _members.Where(m => m.IsAlive);

    /// <summary>Those that clients talk to.</summary>
    public IEnumerable<SimulatedMember> Serving => _members.Where(m => m.IsServing);

    /// <summary>Some process that clients talk to; null: there is none.</summary>
    public SimulatedProcess? Any() => Pick(Serving)?.Process;

    /// <summary>One of some members; null: there is none.</summary>
    public SimulatedMember? Pick(IEnumerable<SimulatedMember> members)
    {
        SimulatedMember[] some = [.. members];
        return some.Length == 0 ? null : some[random.Next(some.Length)];
    }

    /// <summary>The member that a process is.</summary>
    public SimulatedMember MemberOf(SimulatedProcess process) => _members.First(m => m.Process == process);

    /// <summary>A process is about to start: it takes part from now on.</summary>
    public SharedShards Join(SimulatedProcess process)
    {
        string address = $"p{process.Number:D3}";
        _members.Add(new SimulatedMember(address, process));
        return new SharedShards
        {
            Transport = Network.TransportOf(address, process.Context),
            Members = Membership.Join(address, process.Context),
            Receive = receiver => Network.Listen(address, process.Context, receiver),
            LeaveMax = TimeSpan.FromSeconds(10),
        };
    }

    /// <summary>Ends a process where it stands.</summary>
    public void Kill(SimulatedMember member, string where) => world.Kill(member.Process, where);

    /// <summary>A process has ended; the others learn of it by and by.</summary>
    public void Gone(SimulatedProcess process)
    {
        string address = MemberOf(process).Address;
        Later(TimeSpan.FromSeconds(8), () => Membership.Bury(address));
    }

    /// <summary>A process is called dead, rightly or not; one that still runs ends itself once it learns of it.
    /// </summary>
    public void CallDead(SimulatedMember member)
    {
        member.IsBehindTheTimes = true;
        world.Trace.Note($"{member.Address} is called dead");
        Membership.Bury(member.Address);
        if (!member.Process.Context.IsPaused)
        {
            Later(TimeSpan.FromSeconds(10), () => Kill(member, "as it is called dead"));
        }
    }

    /// <summary>Wakes a process up.</summary>
    public void Wake(SimulatedMember member)
    {
        world.Trace.Note($"{member.Address} wakes up");
        member.Process.Context.Wake();
        if (Membership.IsDead(member.Address))
        {
            Later(TimeSpan.FromSeconds(10), () => Kill(member, "as it is called dead"));
        }
    }

    /// <summary>A process gives its shards away, stops, and is gone.</summary>
    public async Task DrainAsync(SimulatedMember member)
    {
        member.IsLeaving = true;
        world.Trace.Note($"{member.Address} leaves");
        Membership.Drain(member.Address);
        try
        {
            await member.Process.CallAsync(
                async host =>
                {
                    await host.DisposeAsync();
                    return true;
                },
                TimeSpan.FromMinutes(2),
                world.Clock);
        }
        catch (Exception e) when (e is ConnectionLostException)
        {
            world.Trace.Note($"{member.Address} did not stop in time");
        }

        Kill(member, "after it stopped");
    }

    /// <summary>Starts what is missing, and ends what says that it needs it.</summary>
    public void Look()
    {
        foreach (SimulatedMember member in Alive.ToArray())
        {
            SimulatedProcess process = member.Process;
            if (process.Context.IsPaused)
            {
                continue;
            }

            if (process.StartError is { } error)
            {
                world.Trace.Note($"{member.Address} did not start: {error.Message}");
                Kill(member, "as it did not start");
            }
            else if (process.Host is { } host)
            {
                CommitCheck.Run(world, process);
                PositionCheck.Run(member.Address, host);
                if (host.Failed.IsFaulted)
                {
                    string? why = host.Failed.Exception?.InnerException?.Message;
                    world.Trace.Note($"{member.Address} is not well: {why}");
                    Kill(member, "as it has failed");
                }
            }
        }

        if (Alive.Count(m => !m.IsLeaving && !Membership.IsDead(m.Address)) < Target)
        {
            world.StartProcess();
        }
    }

    /// <summary>What the processes say that keeps the cluster from being whole; null: it is.</summary>
    public string? WhyNotWhole()
    {
        SimulatedMember[] alive = [.. Alive];
        return alive.Length < Target ? $"{alive.Length} of {Target} processes run"
            : alive.Select(m => WhyNotWell(m) is { } why ? $"{m.Address}: {why}" : null)
                .FirstOrDefault(w => w is not null) ?? WhyNotOpen(alive);
    }

    private static string? WhyNotOpen(SimulatedMember[] alive)
    {
        ShardPositions[] positions = [.. alive.Select(m => m.Process.Host?.Grid.Positions).OfType<ShardPositions>()];
        int open = positions.Sum(p => p.Open.Count);
        return open == positions[0].ShardCount ? null : $"{open} of {positions[0].ShardCount} shards are open";
    }

    private string? WhyNotWell(SimulatedMember member) => member.Process.Host is not { } host ? "it starts"
        : host.Failed.IsFaulted || Membership.IsDead(member.Address) ? "it ends"
        : host.WhyNotReady(world.ServerNowMs) ?? host.CheckpointFault
            ?? (host.Grid.Positions.HasBehind ? "shards catch up" : null)
            ?? (host.Progress.All(p => p.Next >= world.Truth.EndOf(p.Partition)) ? null : "it is behind");

    private void Later(TimeSpan most, Action then)
    {
        SynchronizationContext? caller = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        world.Clock.CreateTimer(_ => then(), null, most * random.NextDouble(), Timeout.InfiniteTimeSpan);
        SynchronizationContext.SetSynchronizationContext(caller);
    }
}
