namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// Finds the slots of a ring by a key that is a hash: as many chains as slots, so that a chain has one link on average.
/// A key is held once. One thread at a time.
/// </summary>
/// <param name="slots">How many slots the ring has; a power of two.</param>
internal sealed class IdChains(int slots)
{
    // Slots in links are one higher, so that zero, which new arrays hold, ends a chain.
    private const int Outside = -1;

    private readonly int[] _heads = new int[slots];
    private readonly Link[] _links = new Link[slots];

    /// <summary>How many keys are held.</summary>
    internal int Count { get; private set; }

    /// <summary>The slot of a key; −1: it is not held.</summary>
    internal int Find(ulong key)
    {
        int at = _heads[HeadOf(key)];
        while (at > 0 && _links[at - 1].Key != key)
        {
            at = _links[at - 1].Next;
        }

        return at - 1;
    }

    /// <summary>Holds a key, which is not held yet, at a slot that is free.</summary>
    internal void Add(int slot, ulong key)
    {
        ref int head = ref _heads[HeadOf(key)];
        _links[slot] = new Link(key, head);
        head = slot + 1;
        Count++;
    }

    /// <summary>Whether the key that was added at a slot is still held there; only for slots that were added.</summary>
    internal bool Holds(int slot) => _links[slot].Next != Outside;

    /// <summary>Lets go of what a slot holds; nothing for −1 or a slot that holds nothing any more.</summary>
    internal void Remove(int slot)
    {
        if (slot < 0 || !Holds(slot))
        {
            return;
        }

        ref int at = ref _heads[HeadOf(_links[slot].Key)];
        while (at != slot + 1)
        {
            at = ref _links[at - 1].Next;
        }

        at = _links[slot].Next;
        _links[slot].Next = Outside;
        Count--;
    }

    /// <summary>Puts what a slot held into a larger row of chains, at another slot.</summary>
    internal void CopyTo(IdChains larger, int from, int to)
    {
        if (Holds(from))
        {
            larger.Add(to, _links[from].Key);
        }
        else
        {
            larger._links[to].Next = Outside;
        }
    }

    private int HeadOf(ulong key) => (int)(key & (ulong)(_heads.Length - 1));

    private struct Link(ulong key, int next)
    {
        internal readonly ulong Key = key;
        internal int Next = next;
    }
}
