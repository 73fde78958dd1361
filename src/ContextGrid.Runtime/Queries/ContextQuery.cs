using System.Collections.Immutable;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Queries;

/// <summary>
/// What to read of which entities. Built by one thread, then only read; reused after <see cref="Clear"/>.
/// </summary>
public sealed class ContextQuery
{
    /// <summary>The most entities of one query.</summary>
    public const int EntitiesMax = 1_000;

    /// <summary>The most values (entities times features) of one query.</summary>
    public const int ValuesMax = 200_000;

    private EntityRequest[] _entities = new EntityRequest[4];
    private byte[] _keys = new byte[256];
    private int _keyBytes;

    /// <summary>How many entities.</summary>
    public int Count { get; private set; }

    /// <summary>How many values are asked for: names of features, summed over the entities.</summary>
    public long ValueCount
    {
        get
        {
            long values = 0;
            for (int i = 0; i < Count; i++)
            {
                values += Selections[_entities[i].Selection].Names.Length;
            }

            return values;
        }
    }

    /// <summary>The selections that entities refer to: one for each entity type that is asked about.</summary>
    public List<FeatureSelection> Selections { get; } = [];

    /// <summary>Which head the windows have.</summary>
    public QueryHead Head { get; set; }

    /// <summary>
    /// The head in milliseconds since the Unix epoch; for <see cref="QueryHead.Newest"/> without meaning.
    /// </summary>
    public long HeadMs { get; set; }

    /// <summary>The server's clock when the query is answered, milliseconds since the Unix epoch: ages are measured
    /// from here.</summary>
    public long NowMs { get; set; }

    /// <summary>Refuse the answer when a source is further behind; null: no such bound.</summary>
    public TimeSpan? StalenessMax { get; set; }

    /// <summary>Wait until these offsets are applied.</summary>
    public ImmutableArray<(TopicPartition Partition, long Offset)> PositionsMin { get; set; } = [];

    /// <summary>How long entities on other silos may take: those that have not answered by then are said to be missing
    /// (<see cref="ContextAnswer.Unreached"/>); null: the grid's own measure.</summary>
    public TimeSpan? Patience { get; set; }

    /// <summary>An aggregate feature, by its index, whose window is to be told beside its value; −1: none.</summary>
    public int Explained { get; set; } = -1;

    /// <summary>
    /// Whether each answer tells when it can change without an event (<see cref="ContextAnswer.NextChangeMs"/>).
    /// </summary>
    public bool TellsNextChange { get; set; }

    /// <summary>About how many bytes the buffers hold, used or not.</summary>
    public long BufferBytes => _keys.Length + (12L * _entities.Length);

    /// <summary>An entity by its place in the query.</summary>
    public EntityRequest this[int index] => _entities[index];

    /// <summary>Adds an entity.</summary>
    /// <param name="selection">Index in <see cref="Selections"/>.</param>
    /// <param name="key">The key's UTF-8, 1–1,024 bytes; copied.</param>
    public void Add(int selection, ReadOnlySpan<byte> key)
    {
        if (Count == _entities.Length)
        {
            Array.Resize(ref _entities, Count * 2);
        }

        if (_keyBytes + key.Length > _keys.Length)
        {
            Array.Resize(ref _keys, Math.Max(_keys.Length * 2, _keyBytes + key.Length));
        }

        key.CopyTo(_keys.AsSpan(_keyBytes));
        _entities[Count++] = new EntityRequest(selection, _keyBytes, key.Length);
        _keyBytes += key.Length;
    }

    /// <summary>The key's UTF-8 of an entity.</summary>
    public ReadOnlySpan<byte> Key(int index) => _keys.AsSpan(_entities[index].KeyStart, _entities[index].KeyLength);

    /// <summary>Forgets everything and keeps buffers.</summary>
    public void Clear()
    {
        Count = 0;
        _keyBytes = 0;
        Selections.Clear();
        Head = QueryHead.Now;
        HeadMs = 0;
        NowMs = 0;
        StalenessMax = null;
        PositionsMin = [];
        Patience = null;
        Explained = -1;
        TellsNextChange = false;
    }

    /// <summary>One entity of the query.</summary>
    /// <param name="Selection">Index in <see cref="Selections"/>.</param>
    /// <param name="KeyStart">Where its key starts.</param>
    /// <param name="KeyLength">The key's bytes.</param>
    public readonly record struct EntityRequest(int Selection, int KeyStart, int KeyLength);
}

/// <summary>Which head a query's windows have.</summary>
public enum QueryHead
{
    /// <summary>The given clock time, or the entity's newest event when that is later.</summary>
    Now,

    /// <summary>The entity's newest event.</summary>
    Newest,

    /// <summary>The given event time, also when the entity has later events.</summary>
    AsOf,
}
