using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace ContextGrid.Runtime.Diagnostics;

/// <summary>
/// The grid's counters, as instruments of the meter <see cref="MeterName"/>. Counted once a batch, never once an event;
/// entity ids are never tags. Thread-safe.
/// </summary>
public sealed class GridMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "ContextGrid";

    private readonly Counter<long> _applied;
    private readonly Counter<long> _late;
    private readonly Counter<long> _redelivered;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _conflicts;
    private readonly Counter<long> _elsewhere;
    private readonly Counter<long> _tombstones;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _published;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _queries;
    private readonly Counter<long> _values;
    private readonly Counter<long> _checkpoints;
    private readonly Histogram<double> _checkpointSeconds;
    private long _appliedTotal;
    private long _deadLetterTotal;
    private long _lateTotal;
    private long _duplicateTotal;
    private long _conflictTotal;
    private long _elsewhereTotal;
    private long _tombstoneTotal;
    private long _refusedTotal;
    private ImmutableArray<Limit> _limits = [];

    /// <summary>Creates the instruments.</summary>
    public GridMetrics()
    {
        Meter = new Meter(MeterName);
        _applied = Meter.CreateCounter<long>("contextgrid_events_applied", "{event}", "Events applied, by topic.");
        _late = Meter.CreateCounter<long>(
            "contextgrid_events_late",
            "{event}",
            "Events later than the allowed lateness that a window no longer takes; once for each entity.");
        _redelivered = Meter.CreateCounter<long>(
            "contextgrid_events_redelivered", "{event}", "Events at positions that an entity had applied already.");
        _duplicates = Meter.CreateCounter<long>(
            "contextgrid_events_duplicate", "{event}", "Producers' retries that were not counted again, by topic.");
        _conflicts = Meter.CreateCounter<long>(
            "contextgrid_events_id_conflict", "{event}", "Events that reuse an id with other content, by topic.");
        _elsewhere = Meter.CreateCounter<long>(
            "contextgrid_events_id_on_other_partition",
            "{event}",
            "Events whose id another partition of the topic has, so that a retry counts again, by topic.");
        _tombstones = Meter.CreateCounter<long>(
            "contextgrid_tombstones", "{record}", "Records without a value, by topic.");
        _deadLetters = Meter.CreateCounter<long>(
            "contextgrid_dead_letters", "{record}", "Records put to the dead letters, by topic and reason.");
        _published = Meter.CreateCounter<long>(
            "contextgrid_events_published", "{event}", "Events taken at publish, by topic.");
        _refused = Meter.CreateCounter<long>(
            "contextgrid_events_refused", "{event}", "Events refused at publish, kept or not, by topic and reason.");
        _queries = Meter.CreateCounter<long>("contextgrid_queries", "{call}", "Context queries, by outcome.");
        _values = Meter.CreateCounter<long>("contextgrid_feature_values", "{value}", "Feature values answered.");
        _checkpoints = Meter.CreateCounter<long>("contextgrid_checkpoints", "{checkpoint}", "Checkpoints, by outcome.");
        _checkpointSeconds = Meter.CreateHistogram<double>(
            "contextgrid_checkpoint_duration", "s", "How long a checkpoint took.");
        ShowLimits();
        Entities = new EntityMetrics(Meter);
    }

    /// <summary>The meter; observable gauges of other parts are created on it.</summary>
    public Meter Meter { get; }

    /// <summary>The counters of entities that come and go.</summary>
    public EntityMetrics Entities { get; }

    /// <summary>Events applied since the start.</summary>
    public long Applied => Interlocked.Read(ref _appliedTotal);

    /// <summary>Dead letters written since the start.</summary>
    public long DeadLetters => Interlocked.Read(ref _deadLetterTotal);

    /// <summary>Late events since the start.</summary>
    public long Late => Interlocked.Read(ref _lateTotal);

    /// <summary>Producers' retries since the start.</summary>
    public long Duplicates => Interlocked.Read(ref _duplicateTotal);

    /// <summary>Conflicting ids since the start.</summary>
    public long Conflicts => Interlocked.Read(ref _conflictTotal);

    /// <summary>Events since the start whose id another partition of their topic had.</summary>
    public long Elsewhere => Interlocked.Read(ref _elsewhereTotal);

    /// <summary>Records without a value since the start.</summary>
    public long Tombstones => Interlocked.Read(ref _tombstoneTotal);

    /// <summary>Events refused at publish since the start, those kept as dead letters too.</summary>
    public long Refused => Interlocked.Read(ref _refusedTotal);

    /// <summary>The bounds that are shown, in the order in which they were made.</summary>
    public IReadOnlyList<Limit> Limits => _limits;

    /// <summary>Makes a bound and shows its use, its maximum and its refusals under the tag <c>limit</c>.</summary>
    /// <param name="name">The tag's value, such as <c>connections</c>; one limit a name.</param>
    /// <param name="max">The most that may be in use.</param>
    public Limit AddLimit(string name, long max)
    {
        var limit = new Limit(name, max);
        ImmutableInterlocked.Update(ref _limits, static (all, added) => all.Add(added), limit);
        return limit;
    }

    /// <summary>Counts applied events of a topic.</summary>
    public void CountApplied(string topic, long events)
    {
        Interlocked.Add(ref _appliedTotal, events);
        Count(_applied, events, "topic", topic);
    }

    /// <summary>Counts late events.</summary>
    public void CountLate(long events)
    {
        if (events > 0)
        {
            Interlocked.Add(ref _lateTotal, events);
            _late.Add(events);
        }
    }

    /// <summary>Counts events that an entity had already.</summary>
    public void CountRedelivered(long events)
    {
        if (events > 0)
        {
            _redelivered.Add(events);
        }
    }

    /// <summary>Counts what producers' ids told of events of a topic.</summary>
    public void CountIds(string topic, long duplicates, long conflicts, long elsewhere)
    {
        Interlocked.Add(ref _elsewhereTotal, elsewhere);
        Count(_elsewhere, elsewhere, "topic", topic);
        Interlocked.Add(ref _duplicateTotal, duplicates);
        Interlocked.Add(ref _conflictTotal, conflicts);
        Count(_duplicates, duplicates, "topic", topic);
        Count(_conflicts, conflicts, "topic", topic);
    }

    /// <summary>Counts records of a topic that have no value.</summary>
    public void CountTombstones(string topic, long records)
    {
        Interlocked.Add(ref _tombstoneTotal, records);
        Count(_tombstones, records, "topic", topic);
    }

    /// <summary>Counts a dead letter.</summary>
    public void CountDeadLetter(string topic, string reason)
    {
        Interlocked.Increment(ref _deadLetterTotal);
        _deadLetters.Add(1, new("topic", topic), new("reason", reason));
    }

    /// <summary>Counts events taken at publish.</summary>
    public void CountPublished(string topic, long events) => Count(_published, events, "topic", topic);

    /// <summary>Counts an event refused at publish.</summary>
    public void CountRefused(string topic, string reason)
    {
        Interlocked.Increment(ref _refusedTotal);
        _refused.Add(1, new("topic", topic), new("reason", reason));
    }

    /// <summary>Counts a query.</summary>
    public void CountQuery(string outcome, long values)
    {
        Count(_queries, 1, "outcome", outcome);
        if (values > 0)
        {
            _values.Add(values);
        }
    }

    /// <summary>Counts a checkpoint.</summary>
    public void CountCheckpoint(string outcome, double seconds)
    {
        Count(_checkpoints, 1, "outcome", outcome);
        _checkpointSeconds.Record(seconds);
    }

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private void ShowLimits()
    {
        Meter.CreateObservableGauge(
            "contextgrid_limit_used", () => OfLimits(l => l.Used), null, "What is in use, by limit.");
        Meter.CreateObservableGauge(
            "contextgrid_limit_max", () => OfLimits(l => l.Max), null, "The most that may be in use, by limit.");
        Meter.CreateObservableCounter(
            "contextgrid_limit_refused", () => OfLimits(l => l.Refused), null, "How often a limit said no, by limit.");
    }

    private IEnumerable<Measurement<long>> OfLimits(Func<Limit, long> value)
    {
        foreach (Limit limit in _limits)
        {
            yield return new Measurement<long>(value(limit), new KeyValuePair<string, object?>("limit", limit.Name));
        }
    }

    private static void Count(Counter<long> counter, long amount, string tag, string value)
    {
        if (amount > 0 && counter.Enabled)
        {
            counter.Add(amount, new KeyValuePair<string, object?>(tag, value));
        }
    }
}
