using System.Collections;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Client;

/// <summary>The context of one entity: its features in the order of the answer. Immutable.</summary>
public sealed class EntityResult : IReadOnlyList<FeatureValue>
{
    private readonly TypeHeader _type;
    private readonly EntityContext _entity;

    internal EntityResult(TypeHeader type, EntityContext entity)
    {
        if (entity.Values.Count != type.Features.Count || entity.Statuses.Count != type.Features.Count)
        {
            throw new ContextGridException(
                GrpcStatusCode.Internal, $"The answer has not one value a feature for {type.Type} '{entity.Key}'.");
        }

        (_type, _entity) = (type, entity);
    }

    /// <summary>The entity.</summary>
    public EntityId Id => new(_type.Type, _entity.Key);

    /// <summary>The version of the definition that answered, from 1.</summary>
    public int DefinitionVersion => _type.DefinitionVersion;

    /// <summary>The head of the windows.</summary>
    public DateTimeOffset Head => DateTimeOffset.FromUnixTimeMilliseconds(_entity.HeadMs);

    /// <summary>Event time of the entity's newest event; null: the entity was never seen.</summary>
    public DateTimeOffset? NewestEvent => _entity.HasNewestEventMs ? Time(_entity.NewestEventMs) : null;

    /// <summary>Whether any event of the entity was ever seen.</summary>
    public bool IsKnown => _entity.HasNewestEventMs;

    /// <summary>Why the values are not to be trusted fully; empty: nothing is known against them.</summary>
    public IReadOnlyList<string> Degraded => _entity.Degraded;

    /// <summary>The newest applied positions of this entity's own events.</summary>
    public IReadOnlyList<SourcePosition> Positions => _entity.Positions;

    /// <summary>How many features the answer has.</summary>
    public int Count => _type.Features.Count;

    /// <summary>The feature at an index of the answer.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public FeatureValue this[int index]
    {
        get
        {
            var isTold = index < _entity.EventTimesMs.Count && _entity.EventTimesMs[index] != EntityContext.NoEventMs;
            var eventTimeMs = isTold ? _entity.EventTimesMs[index] : 0;
            return new FeatureValue(
                _type.Features[index],
                ContextValue.From(_entity.Values[index]),
                _entity.Statuses[index],
                isTold ? Time(eventTimeMs) : null,
                isTold ? TimeSpan.FromMilliseconds(_entity.HeadMs - eventTimeMs) : null,
                index < _entity.Notes.Count && (_entity.Notes[index] & 1) != 0);
        }
    }

    /// <summary>The feature of a name.</summary>
    /// <param name="name">The feature's name.</param>
    /// <exception cref="KeyNotFoundException">The answer has no such feature.</exception>
    public FeatureValue this[string name]
    {
        get
        {
            var index = _type.Features.IndexOf(name);
            return index >= 0
                ? this[index]
                : throw new KeyNotFoundException($"The answer has no feature '{name}' of {_type.Type}.");
        }
    }

    /// <inheritdoc/>
    public IEnumerator<FeatureValue> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
