using ContextGrid.Contracts.V1;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Queries;
using Google.Protobuf;
using StableHash = ContextGrid.Core.Model.StableHash;

namespace ContextGrid.Server.Services;

/// <summary>
/// What the client of a watch has last been told of each entity, as a hash of its values and statuses. Numbers that run
/// with the clock, such as <c>since_last</c>, are not in it: they would always be others. One thread at a time.
/// </summary>
/// <param name="parts">What is watched, in parts of <see cref="ContextQuery.EntitiesMax"/>.</param>
/// <param name="count">How many entities are watched.</param>
internal sealed class WatchedValues(List<ContextQuery> parts, int count)
{
    private readonly ulong[] _hashes = new ulong[count];
    private byte[] _bytes = new byte[256];

    /// <summary>Notes an entity's values; false: the client has them already.</summary>
    internal bool Note(int index, EntityContext entity)
    {
        FeatureSelection selection = SelectionOf(index);
        ulong hash = 1;
        for (int i = 0; i < entity.Statuses.Count; i++)
        {
            hash = Mix(hash, (ulong)entity.Statuses[i]);
            Value value = entity.Values[i];
            if (!selection.Runs[i] || value.KindCase is Value.KindOneofCase.None or Value.KindOneofCase.BoolValue
                or Value.KindOneofCase.StringValue)
            {
                hash = Mix(hash, HashOf(value));
            }
        }

        bool isOther = hash != _hashes[index];
        _hashes[index] = hash;
        return isOther;
    }

    /// <summary>Whether conditions that run with the clock are watched of an entity.</summary>
    internal bool HasRunningConditions(int index) => SelectionOf(index).HasRunningConditions;

    private FeatureSelection SelectionOf(int index)
    {
        ContextQuery part = parts[index / ContextQuery.EntitiesMax];
        return part.Selections[part[index % ContextQuery.EntitiesMax].Selection];
    }

    private ulong HashOf(Value value)
    {
        int size = value.CalculateSize();
        if (size > _bytes.Length)
        {
            _bytes = new byte[size * 2];
        }

        value.WriteTo(_bytes.AsSpan(0, size));
        return StableHash.Of(_bytes.AsSpan(0, size));
    }

    private static ulong Mix(ulong hash, ulong next) => StableHash.Of((long)((hash * 31) ^ next));
}
