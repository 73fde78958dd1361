using System.Diagnostics.Metrics;

namespace ContextGrid.Runtime.Diagnostics;

/// <summary>Counters of entities that leave memory and come back. Thread-safe.</summary>
public sealed class EntityMetrics
{
    private readonly Counter<long> _lookups;
    private readonly Counter<long> _activated;
    private readonly Counter<long> _passivated;
    private readonly Counter<long> _waits;
    private long _lookupTotal;
    private long _activatedTotal;
    private long _passivatedTotal;
    private long _waitTotal;

    internal EntityMetrics(Meter meter)
    {
        _lookups = meter.CreateCounter<long>(
            "contextgrid_entity_lookups", "{lookup}", "Look-ups of entities that were not in memory, by outcome.");
        _activated = meter.CreateCounter<long>(
            "contextgrid_entities_activated", "{entity}", "Entities that came back into memory.");
        _passivated = meter.CreateCounter<long>(
            "contextgrid_entities_passivated", "{entity}", "Cold entities that left memory.");
        _waits = meter.CreateCounter<long>(
            "contextgrid_ingestion_memory_waits", "{wait}", "Waits of ingestion for a checkpoint that frees memory.");
    }

    /// <summary>Look-ups in the checkpoint's segments since the start; what the filters answer is not among
    /// them.</summary>
    public long Lookups => Interlocked.Read(ref _lookupTotal);

    /// <summary>Entities that came back into memory since the start.</summary>
    public long Activated => Interlocked.Read(ref _activatedTotal);

    /// <summary>Entities that left memory since the start.</summary>
    public long Passivated => Interlocked.Read(ref _passivatedTotal);

    /// <summary>How often ingestion waited for memory since the start.</summary>
    public long Waits => Interlocked.Read(ref _waitTotal);

    /// <summary>Counts a look-up.</summary>
    public void CountLookup(bool found)
    {
        Interlocked.Increment(ref _lookupTotal);
        if (_lookups.Enabled)
        {
            _lookups.Add(1, new KeyValuePair<string, object?>("outcome", found ? "found" : "nowhere"));
        }
    }

    /// <summary>Counts an entity that came back.</summary>
    public void CountActivated()
    {
        Interlocked.Increment(ref _activatedTotal);
        _activated.Add(1);
    }

    /// <summary>Counts entities that left.</summary>
    public void CountPassivated(long entities)
    {
        if (entities > 0)
        {
            Interlocked.Add(ref _passivatedTotal, entities);
            _passivated.Add(entities);
        }
    }

    /// <summary>Counts a wait of ingestion.</summary>
    public void CountWait()
    {
        Interlocked.Increment(ref _waitTotal);
        _waits.Add(1);
    }
}
