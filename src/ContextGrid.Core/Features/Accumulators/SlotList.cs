namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// A short list of kept values or rows with a maximum length. Slots that fall out keep their text buffers for what
/// comes next; so nothing is allocated once the list and its texts have grown.
/// </summary>
/// <typeparam name="T">What a slot holds; assigned only by moving.</typeparam>
internal struct SlotList<T>
    where T : struct
{
    private T[]? _slots;

    /// <summary>How many slots are in use.</summary>
    public int Count { get; private set; }

    /// <summary>The slots in use.</summary>
    public readonly Span<T> Items => _slots.AsSpan(0, Count);

    /// <summary>
    /// Opens a slot at <paramref name="index"/> and moves those from there on by one; of a full list the last falls
    /// out.
    /// </summary>
    /// <returns>The slot, whose old content has no meaning.</returns>
    public ref T Open(int index, int countMax)
    {
        if (Count < countMax)
        {
            if (_slots is null || Count == _slots.Length)
            {
                Array.Resize(ref _slots, Math.Min(countMax, Math.Max(1, 2 * Count)));
            }

            Count++;
        }

        Span<T> slots = Items;
        T spare = slots[^1];
        slots[index..^1].CopyTo(slots[(index + 1)..]);
        slots[index] = spare;
        return ref slots[index];
    }

    /// <summary>Moves a slot to another index; those between move by one.</summary>
    /// <returns>The slot at its new place.</returns>
    public readonly ref T Move(int from, int to)
    {
        Span<T> slots = Items;
        T moved = slots[from];
        if (from < to)
        {
            slots[(from + 1)..(to + 1)].CopyTo(slots[from..]);
        }
        else
        {
            slots[to..from].CopyTo(slots[(to + 1)..]);
        }

        slots[to] = moved;
        return ref slots[to];
    }

    /// <summary>Takes the slot at <paramref name="index"/> out.</summary>
    public void RemoveAt(int index)
    {
        Span<T> slots = Items;
        T spare = slots[index];
        slots[(index + 1)..].CopyTo(slots[index..]);
        slots[^1] = spare;
        Count--;
    }

    /// <summary>Takes all slots out and keeps them for later.</summary>
    public void Clear() => Count = 0;
}
