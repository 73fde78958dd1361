using System.Collections.Immutable;
using System.Text;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Grpc;
using Google.Protobuf.WellKnownTypes;

namespace ContextGrid.Server.Services;

/// <summary>Checks requests for context and turns them into queries. Thread-safe.</summary>
internal sealed class ContextRequests
{
    /// <summary>The most names of features in one request.</summary>
    internal const int FeaturesMax = 1_000;

    private readonly Dictionary<string, EntityPlan> _plans;
    private readonly Dictionary<EntityPlan, FeatureSelections> _selections;
    private readonly HashSet<EntityPlan> _integerKeys;

    internal ContextRequests(ImmutableArray<EntityPlan> plans)
    {
        _plans = plans.SelectMany(p => new[] { (p.Definition.Name, p), ($"{p.Definition.Name}@1", p) })
            .ToDictionary(p => p.Item1, p => p.p, StringComparer.Ordinal);
        _selections = plans.ToDictionary(p => p, p => new FeatureSelections(p));
        _integerKeys = [.. plans.Where(p => IntegerKey.IsOf(p.Definitions, p.Definition))];
    }

    /// <summary>Fills a query from a request.</summary>
    /// <exception cref="GrpcException">INVALID_ARGUMENT, with the field that is wrong.</exception>
    internal void Fill(GetContextRequest request, ContextQuery query)
    {
        query.Clear();
        AddEntities(request.Entities, request.Features, query);
        switch (request.HeadCase)
        {
            case GetContextRequest.HeadOneofCase.AsOf:
                query.Head = QueryHead.AsOf;
                query.HeadMs = Milliseconds(request.AsOf);
                break;
            case GetContextRequest.HeadOneofCase.Newest:
                query.Head = request.Newest ? QueryHead.Newest : QueryHead.Now;
                break;
        }

        if (request.MaxStaleness is { } staleness)
        {
            query.StalenessMax = Interval("max_staleness", staleness);
        }

        if (request.MinPosition.Count > 0)
        {
            query.PositionsMin =
                [.. request.MinPosition.Select(p => (new TopicPartition(p.Topic, p.Partition), p.Offset))];
        }
    }

    /// <summary>Adds entities and what is wanted of them to a query.</summary>
    /// <exception cref="GrpcException">INVALID_ARGUMENT, with the field that is wrong.</exception>
    internal void AddEntities(IReadOnlyList<EntityRef> entities, IReadOnlyList<string> features, ContextQuery query)
    {
        Require(entities.Count > 0, "entities", "name at least one entity");
        Require(
            entities.Count <= ContextQuery.EntitiesMax,
            "entities",
            $"{entities.Count} entities are asked for; at most {ContextQuery.EntitiesMax} are answered in one call");
        Require(
            features.Count <= FeaturesMax,
            "features",
            $"{features.Count} features are asked for; at most {FeaturesMax} are answered in one call");
        int first = query.Selections.Count;
        Span<byte> key = stackalloc byte[EntityKey.BytesMax];
        for (int i = 0; i < entities.Count; i++)
        {
            EntityPlan plan = PlanOf(entities[i].Type, i);
            int at = SelectionOf(plan, features, first, query.Selections);
            bool fits = Encoding.UTF8.TryGetBytes(entities[i].Key, key, out int length) && length > 0;
            Require(
                fits,
                $"entities[{i}].key",
                entities[i].Key.Length == 0
                    ? "the key is empty"
                    : $"the key is longer than {EntityKey.BytesMax} bytes");
            if (_integerKeys.Contains(plan) && !IntegerKey.IsCanonical(key[..length]))
            {
                Require(false, $"entities[{i}].key", IntegerKey.Fault(entities[i].Key, plan.Definition.Name));
            }

            query.Add(at, key[..length]);
        }

        RequireFewValues(query);
    }

    /// <summary>The time in milliseconds of a request's timestamp.</summary>
    internal static long Milliseconds(Timestamp time)
    {
        bool valid = time.Nanos is >= 0 and < 1_000_000_000
            && time.Seconds is >= TimeRange.MinMs / 1000 and <= TimeRange.MaxMs / 1000;
        Require(valid, "as_of", "the time is not within the years 1 to 9999");
        return (time.Seconds * 1000) + (time.Nanos / 1_000_000);
    }

    /// <summary>The duration of a request.</summary>
    internal static TimeSpan Interval(string field, Duration duration)
    {
        bool valid = duration.Seconds is >= 0 and <= 315_576_000_000 && duration.Nanos is >= 0 and < 1_000_000_000;
        Require(valid, field, "the duration is negative or too long");
        return TimeSpan.FromSeconds(duration.Seconds) + TimeSpan.FromTicks(duration.Nanos / 100);
    }

    /// <summary>Refuses a request with the field that is wrong.</summary>
    internal static void Require(bool holds, string field, string message)
    {
        if (!holds)
        {
            throw new GrpcException(
                GrpcStatus.InvalidArgument,
                Sentence.End($"{field}: {message}"),
                GrpcErrorDetails.BadRequest((field, message)));
        }
    }

    /// <summary>The plan of a named type.</summary>
    internal EntityPlan PlanOf(string type, int index)
    {
        if (_plans.TryGetValue(type, out EntityPlan? plan))
        {
            return plan;
        }

        int at = type.IndexOf('@', StringComparison.Ordinal);
        bool isVersion = at > 0 && _plans.ContainsKey(type[..at]);
        string message = isVersion
            ? $"entity type '{type[..at]}' has no version '{type[(at + 1)..]}'; there is version 1"
            : $"there is no entity type '{type}'"
                + NearestName.Suggest(type, _plans.Keys.Where(k => !k.Contains('@', StringComparison.Ordinal)));
        string field = $"entities[{index}].type";
        throw new GrpcException(
            GrpcStatus.InvalidArgument,
            Sentence.End($"{field}: {message}"),
            GrpcErrorDetails.BadRequest((field, message)),
            GrpcErrorDetails.ErrorInfo(isVersion ? "UNKNOWN_VERSION" : "UNKNOWN_ENTITY_TYPE", ("type", type)));
    }

    private static void RequireFewValues(ContextQuery query)
    {
        long values = query.ValueCount;
        Require(
            values <= ContextQuery.ValuesMax,
            "entities",
            $"{values} values are asked for; at most {ContextQuery.ValuesMax} are answered in one call");
    }

    // Where the selection of a plan is; this call's selections, one a plan, start at the first.
    private int SelectionOf(
        EntityPlan plan, IReadOnlyList<string> features, int first, List<FeatureSelection> selections)
    {
        for (int i = first; i < selections.Count; i++)
        {
            if (selections[i].Plan == plan)
            {
                return i;
            }
        }

        FeatureSelections known = _selections[plan];
        selections.Add(features.Count == 0 ? known.All : known.Of(features));
        return selections.Count - 1;
    }
}
