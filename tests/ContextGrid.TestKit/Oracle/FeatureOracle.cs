using System.Collections.Immutable;

namespace ContextGrid.TestKit.Oracle;

/// <summary>
/// Answers questions about features by looking at all events anew each time: the plain meaning of docs/FEATURES.md in
/// code, sharing nothing with the product.
/// </summary>
/// <param name="entity">The type of entity.</param>
public sealed class FeatureOracle(OracleEntity entity)
{
    private readonly Dictionary<object, List<OracleEvent>> _events = new(OracleOrder.Instance);
    private readonly HashSet<object> _sorted = new(OracleOrder.Instance);
    private readonly HashSet<(string Topic, int Partition, long Offset)> _seen = [];

    /// <summary>The type of entity.</summary>
    public OracleEntity Entity => entity;

    /// <summary>The keys that events had.</summary>
    public IReadOnlyCollection<object> Keys => _events.Keys;

    /// <summary>Takes an event; one that it has seen before, by position, changes nothing.</summary>
    public void Add(OracleEvent e)
    {
        if (entity.Sources.TryGetValue(e.EventName, out string? keyField)
            && e.Fields.GetValueOrDefault(keyField) is { } key
            && _seen.Add((e.Topic, e.Partition, e.Offset)))
        {
            _events.TryAdd(key, []);
            _events[key].Add(e);
            _sorted.Remove(key);
        }
    }

    /// <summary>The newest event time of an entity; null: never seen.</summary>
    public long? NewestMs(object key) => EventsOf(key) is { Count: > 0 } events ? events[^1].TimeMs : null;

    /// <summary>The times of an entity's events, in order.</summary>
    public IEnumerable<long> TimesMs(object key) => EventsOf(key).Select(e => e.TimeMs);

    /// <summary>The right answer for one aggregate feature of one entity at a head.</summary>
    public OracleAnswer Ask(object key, OracleFeature feature, long headMs)
    {
        OracleEvent[] all = [.. EventsOf(key).TakeWhile(e => e.TimeMs <= headMs)];
        OracleEvent[] matching = [.. all.Where(e => Matches(feature, e))];
        long eventTime = matching.Length == 0 ? OracleAnswer.NoEventMs : matching[^1].TimeMs;
        if (IsPastTtl(all, headMs))
        {
            return new(null, OracleStatus.Expired, eventTime, OracleTolerance.None);
        }

        IReadOnlyList<OracleEvent> inside = feature.Window.Select(matching, headMs);
        (object? value, OracleTolerance tolerance) = feature.By is null
            ? OracleAggregates.Compute(feature, inside, headMs)
            : (OracleCategories.Compute(feature, inside, headMs), OracleTolerance.None);
        OracleStatus status = matching.Length == 0 ? OracleStatus.NeverSeen
            : inside.Count == 0 ? OracleStatus.Expired
            : value is null ? OracleStatus.Null
            : OracleStatus.Present;
        return new(value, status, eventTime, tolerance) { IsApproximate = OracleCaps.AreExceeded(feature, inside) };
    }

    /// <summary>
    /// Null when the product's answer is right, or approximate within the documented bound where it says so; else what
    /// is wrong with it.
    /// </summary>
    public string? Difference(
        object key, OracleFeature feature, long headMs, OracleAnswer right, OracleAnswer actual)
    {
        if (actual.IsApproximate != right.IsApproximate)
        {
            return $"it is{(actual.IsApproximate ? "" : " not")} called approximate; right is {right}";
        }

        if (!actual.IsApproximate || feature.IsDerived || actual.Status != right.Status)
        {
            return OracleComparison.Difference(right, actual.Value, (int)actual.Status, actual.EventTimeMs);
        }

        OracleEvent[] matching = [.. EventsOf(key).TakeWhile(e => e.TimeMs <= headMs).Where(e => Matches(feature, e))];
        return OracleBounds.Violation(
            feature, feature.Window.Select(matching, headMs), headMs, right, actual.Value);
    }

    /// <summary>
    /// The right answer for a derived feature, given the answers of the features that it reads: it is judged by the
    /// values that were really answered, so that the bounds of its inputs need not be carried through.
    /// </summary>
    public OracleAnswer Derive(object key, OracleFeature feature, long headMs, Func<string, OracleAnswer> inputs)
    {
        string[] names = [.. Names(feature.Arguments[0]).Distinct()];
        long eventTime = names.Select(n => inputs(n).EventTimeMs).DefaultIfEmpty(OracleAnswer.NoEventMs).Max();
        if (IsPastTtl(key, headMs))
        {
            return new(null, OracleStatus.Expired, eventTime, OracleTolerance.None);
        }

        object? value = OracleEvaluator.Evaluate(feature.Arguments[0], name => inputs(name).Value);
        OracleStatus[] statuses = [.. names.Select(n => inputs(n).Status)];
        OracleStatus[] order = [OracleStatus.NeverSeen, OracleStatus.Expired, OracleStatus.Null];
        OracleStatus status = value is null
            ? order.Where(statuses.Contains).DefaultIfEmpty(OracleStatus.Null).First()
            : statuses.Length == 0 || statuses.Contains(OracleStatus.Present) ? OracleStatus.Present : statuses[0];
        bool isApproximate = names.Any(n => inputs(n).IsApproximate);
        return new(value, status, eventTime, OracleTolerance.None) { IsApproximate = isApproximate };
    }

    /// <summary>The names that an expression reads, in the order of its text.</summary>
    public static IEnumerable<string> Names(OracleExpression expression) => expression switch
    {
        OracleName name => [name.Name],
        OracleCall call => call.Arguments.SelectMany(Names),
        _ => [],
    };

    /// <summary>Whether so much time has passed that every feature, derived or not, is expired.</summary>
    public bool IsPastTtl(object key, long headMs) =>
        IsPastTtl([.. EventsOf(key).TakeWhile(e => e.TimeMs <= headMs)], headMs);

    private bool IsPastTtl(OracleEvent[] events, long headMs) =>
        entity.TtlMs > 0 && events.Length > 0 && headMs - events[^1].TimeMs > entity.TtlMs;

    private List<OracleEvent> EventsOf(object key)
    {
        List<OracleEvent> events = _events.GetValueOrDefault(key, []);
        if (_sorted.Add(key))
        {
            events.Sort(OracleEvent.Compare);
        }

        return events;
    }

    private static bool Matches(OracleFeature feature, OracleEvent e) =>
        e.EventName == feature.EventName
        && (feature.Where is null
            || OracleEvaluator.Evaluate(feature.Where, name => e.Fields.GetValueOrDefault(name)) is true);
}

/// <summary>A type of entity as the oracle knows it.</summary>
/// <param name="Name">The type's name.</param>
/// <param name="Sources">The field that holds the key, by event.</param>
/// <param name="TtlMs">After so long without an event everything is expired; 0: never.</param>
/// <param name="Features">The features, in order.</param>
public sealed record OracleEntity(
    string Name,
    ImmutableDictionary<string, string> Sources,
    long TtlMs,
    ImmutableArray<OracleFeature> Features);
