using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Moves through the events of a part of one partition, in order of offsets: records of the log while they are decoded,
/// or events that another process has decoded. One thread at a time.
/// </summary>
public abstract class EventCursor
{
    private readonly byte[] _digits = new byte[EntityKey.DigitsMax];
    private bool _isHeld;

    /// <summary>The partition.</summary>
    public abstract TopicPartition Partition { get; }

    /// <summary>The event that the cursor stands at.</summary>
    public abstract EventRecord Current { get; }

    /// <summary>
    /// Whether the event can't be applied: it is a dead letter, and the entities whose keys are known note it.
    /// </summary>
    public bool IsSkipped { get; private protected set; }

    /// <summary>The first offset of the part: everything before was delivered earlier.</summary>
    public long From { get; private protected set; }

    /// <summary>The offset after the part: the cursor has every event of the partition from <see cref="From"/> up to
    /// here.</summary>
    public long To { get; private protected set; }

    /// <summary>Whether a part of the events has been applied and the rest is still to come.</summary>
    internal bool IsUnderWay => _isHeld;

    /// <summary>Moves to the next event that entities must see; false at the end.</summary>
    public bool MoveNext()
    {
        if (_isHeld)
        {
            _isHeld = false;
            return true;
        }

        return Advance();
    }

    /// <summary>Says that the event could not be brought to all its entities: the next move stays at it.</summary>
    public void Hold() => _isHeld = true;

    /// <summary>The key of the entity that the event is about; false: it is not about such an entity.</summary>
    /// <param name="source">The entity type's source.</param>
    /// <param name="key">Its UTF-8; valid until the next call of this cursor.</param>
    public bool TryGetKey(EntitySource source, out ReadOnlySpan<byte> key) =>
        EntityKey.TryGet(Current, source, _digits, out key) && key.Length is > 0 and <= EntityKey.BytesMax;

    /// <summary>Moves on.</summary>
    private protected abstract bool Advance();

    /// <summary>Begins anew with other events.</summary>
    private protected void Restart(long from, long to) => (_isHeld, From, To) = (false, from, to);
}
