using System.Collections.Immutable;
using ContextGrid.Runtime.Topology;
using ContextGrid.Simulation.Tests.Machine;

namespace ContextGrid.Simulation.Tests.Cluster;

/// <summary>
/// Who takes part, as the members' table says; every process sees its changes by and by, in its own time.
/// </summary>
/// <param name="clock">The world's clock.</param>
/// <param name="random">Decides.</param>
internal sealed class SimulatedMembership(SimulatedClock clock, Random random)
{
    private readonly List<View> _views = [];
    private readonly SortedSet<string> _active = new(StringComparer.Ordinal);
    private readonly HashSet<string> _dead = new(StringComparer.Ordinal);

    /// <summary>How long it takes at most until a process has seen a change.</summary>
    public TimeSpan StaleMax { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether the table says that a process is gone.</summary>
    public bool IsDead(string address) => _dead.Contains(address);

    /// <summary>A process joins, and sees the table.</summary>
    public IMembershipView Join(string address, SimulatedContext context)
    {
        _active.Add(address);
        var view = new View(this, address, context);
        _views.Add(view);
        Changed(view);
        return view;
    }

    /// <summary>A process takes no shards any more.</summary>
    public void Drain(string address)
    {
        _active.Remove(address);
        Changed(null);
    }

    /// <summary>A process is called dead.</summary>
    public void Bury(string address)
    {
        _active.Remove(address);
        _dead.Add(address);
        Changed(null);
    }

    private void Changed(View? isNow)
    {
        (ImmutableArray<string> Active, ImmutableHashSet<string> Dead) table =
            ([.. _active], [.. _dead]);
        foreach (View view in _views)
        {
            view.SeeLater(table.Active, table.Dead, view == isNow ? TimeSpan.Zero : StaleMax * random.NextDouble());
        }
    }

    private sealed class View(SimulatedMembership members, string self, SimulatedContext context) : IMembershipView
    {
        private readonly List<Action> _changed = [];
        private ImmutableArray<string> _active = [self];
        private ImmutableHashSet<string> _dead = [];
        private long _sent;
        private long _seen;

        public string Self => self;

        public IReadOnlyList<string> Active => _active;

        public bool IsDead(string address) => _dead.Contains(address);

        public void OnChange(Action changed) => _changed.Add(changed);

        public void SeeLater(ImmutableArray<string> active, ImmutableHashSet<string> dead, TimeSpan wait)
        {
            long version = ++_sent;
            SynchronizationContext? caller = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(null);
            members.After(wait, () => context.Post(_ => See(version, active, dead), null));
            SynchronizationContext.SetSynchronizationContext(caller);
        }

        // A table that is older than the one that was seen is not looked at.
        private void See(long version, ImmutableArray<string> active, ImmutableHashSet<string> dead)
        {
            if (version > _seen)
            {
                (_seen, _active, _dead) = (version, active, dead);
                _changed.ForEach(c => c());
            }
        }
    }

    private void After(TimeSpan wait, Action then) =>
        clock.CreateTimer(_ => then(), null, wait, Timeout.InfiniteTimeSpan);
}
