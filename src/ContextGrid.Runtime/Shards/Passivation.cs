using ContextGrid.Runtime.Diagnostics;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// Makes cold entities passive while the memory is over its budget: a second-chance clock over all shards (Corbató's
/// algorithm), moved on by whoever has made the memory grow, so that it keeps up with what comes in.
/// </summary>
internal sealed class Passivation
{
    // A turn stays in the microseconds, and a caller that adds one entity moves the hand past many.
    private const int SlotsPerTurn = 16;
    private const int TurnsPerEntity = 8;

    private readonly EntityShard[] _shards;
    private readonly ResidentMemory _memory;
    private readonly GridMetrics _metrics;
    private int _next;
    private int _published;

    internal Passivation(IEnumerable<EntityTable> tables, ResidentMemory memory, GridMetrics metrics)
    {
        _shards = [.. tables.SelectMany(t => t.Shards.ToArray())];
        _memory = memory;
        _metrics = metrics;
    }

    /// <summary>The newest published checkpoint, counted from 1 since the start.</summary>
    internal int Published
    {
        get => Volatile.Read(ref _published);
        set => Volatile.Write(ref _published, value);
    }

    /// <summary>Takes some turns; asks for a checkpoint when that is not enough.</summary>
    /// <param name="added">How many entities have come into memory since the caller's last call.</param>
    internal void Relieve(int added = 1)
    {
        Run((long)added * TurnsPerEntity * SlotsPerTurn);
        _memory.WantCheckpoint();
    }

    /// <summary>Passes all entities, twice, since what was used lately has a second chance.</summary>
    internal void RelieveAll()
    {
        long slots = 0;
        foreach (EntityShard shard in _shards)
        {
            slots += shard.Entities.SlotCount + SlotsPerTurn;
        }

        Run(2 * slots);
    }

    // A turn of a shard with few entities passes few slots: what counts is how many were passed.
    private void Run(long slots)
    {
        long passivated = 0;
        while (slots > 0 && _memory.IsOver && _shards.Length > 0)
        {
            uint next = (uint)Interlocked.Increment(ref _next);
            passivated += _shards[next % (uint)_shards.Length].Passivate(SlotsPerTurn, Published, out int passed);
            slots -= passed + 1;
        }

        _metrics.Entities.CountPassivated(passivated);
    }
}
