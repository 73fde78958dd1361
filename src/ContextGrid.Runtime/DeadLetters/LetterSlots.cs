namespace ContextGrid.Runtime.DeadLetters;

/// <summary>
/// The state of every letter that is kept: 8 bytes an offset of the dead-letter topic, in a ring. One thread at a time.
/// </summary>
/// <param name="offsetsMax">The most offsets that are held, a power of two; the oldest are forgotten first.</param>
internal sealed class LetterSlots(int offsetsMax)
{
    private const int SlotsAtFirst = 1024, StateBits = 3, StateMask = 7;

    private readonly long[] _counts = new long[StateMask + 1];

    // A state in the low bits; above it the offset of the mark that decided it, or the number of the same letter.
    private long[] _slots = new long[Math.Min(SlotsAtFirst, offsetsMax)];

    /// <summary>The first offset that is held.</summary>
    public long First { get; private set; }

    /// <summary>The offset after the last.</summary>
    public long Next { get; private set; }

    /// <summary>How many letters are in a state.</summary>
    public long Count(LetterState state) => _counts[(int)state];

    /// <summary>The state of a letter; <see cref="LetterState.None"/>: there is none at the offset.</summary>
    public LetterState StateOf(long offset) =>
        offset >= First && offset < Next ? (LetterState)(Slot(offset) & StateMask) : LetterState.None;

    /// <summary>The offset of the mark about a letter, or the number of the same letter; −1: none.</summary>
    public long RefersTo(long offset) => StateOf(offset) == LetterState.None ? -1 : (Slot(offset) >> StateBits) - 1;

    /// <summary>Whether a letter of these states is in a range.</summary>
    public bool HasAny(long from, long end, LetterStates states)
    {
        for (long offset = Math.Max(from, First); offset < Math.Min(end, Next); offset++)
        {
            if (states.Has((LetterState)(Slot(offset) & StateMask)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Adds the next offset; those between it and the last one have no letter.</summary>
    public void Append(long offset, LetterState state, long refersTo)
    {
        if (offset - Next >= offsetsMax)
        {
            ForgetBefore(offset);
        }

        while (Next < offset)
        {
            AppendNext(0);
        }

        AppendNext(Pack(state, refersTo));
    }

    /// <summary>Changes the state of a letter that is held.</summary>
    public void Set(long offset, LetterState state, long refersTo)
    {
        ref long slot = ref Slot(offset);
        _counts[slot & StateMask]--;
        _counts[(int)state]++;
        slot = Pack(state, refersTo);
    }

    /// <summary>Forgets older offsets.</summary>
    public void ForgetBefore(long first)
    {
        for (; First < first && First < Next; First++)
        {
            _counts[Slot(First) & StateMask]--;
        }

        (First, Next) = (Math.Max(First, first), Math.Max(Next, first));
    }

    private static long Pack(LetterState state, long refersTo) => ((refersTo + 1) << StateBits) | (long)state;

    private ref long Slot(long offset) => ref _slots[offset & (_slots.Length - 1)];

    private void AppendNext(long slot)
    {
        if (Next - First == offsetsMax)
        {
            ForgetBefore(First + 1);
        }
        else if (Next - First == _slots.Length)
        {
            Grow();
        }

        Slot(Next++) = slot;
        _counts[slot & StateMask]++;
    }

    private void Grow()
    {
        long[] before = _slots;
        _slots = new long[before.Length * 2];
        for (long offset = First; offset < Next; offset++)
        {
            Slot(offset) = before[offset & (before.Length - 1)];
        }
    }
}
